import type { Principal } from '../../auth/principal.ts';
import type { SubscriptionsConfig } from '../config.ts';

/** What decides on a principal's authority, in an order that does not depend on its token. */
export function authorityOf(principal: Principal, shareBy: SubscriptionsConfig['shareBy']) {
  const { id, kind, roles, plants, scopes, partner } = principal;
  const authority = [kind, [...roles].sort(), [...plants].sort(), [...scopes].sort(), partner];
  return shareBy === 'principal' ? [id, ...authority] : authority;
}

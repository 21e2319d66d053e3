import type { Principal } from '../auth/principal.ts';
import type { Rejection } from './rejection.ts';

/** Who reads an answer. */
export type Reader = Pick<Principal, 'partner'>;

/**
 * The people of a partner read what belongs to their partner. Who of the plant did something with it, and what the plant has
 * noted besides, is the plant's own affair: null for them.
 */
export function plantOnly<Field extends string>(field: Field) {
  return <Value>(row: Readonly<Record<Field, Value>>, _args: unknown, context: { readonly principal: Reader }) =>
    context.principal.partner === null ? row[field] : null;
}

/** Every state says who brought it about and why. Spread into the resolvers of each subgraph. */
export const plantOnlyFields = { EntityState: { by: plantOnly('by'), reason: plantOnly('reason') } };

/** The rules that speak of the row itself, which the partner may see, and of nothing else. */
const tellable: readonly string[] = ['exists', 'policy', 'state-machine', 'expected-version', 'reason', 'input'];

/** A partner's people are told that a rule of the plant stands against it; which, may be about somebody else's things. */
export function tellRejection(rejection: Rejection, { partner }: Reader): Rejection {
  if (partner === null || tellable.includes(rejection.guard)) return rejection;
  const { code, system, guard } = rejection;
  return {
    code,
    system,
    guard,
    message: 'A rule of the plant stands against it.',
    remediation: 'Ask the plant.',
    blockingRef: null,
  };
}

import type { Principal } from '../../auth/principal.ts';

/** A person without any rights, for ever, and named by the id, where `over` does not say otherwise. */
export function somebody(over: Partial<Principal> = {}): Principal {
  const { id = 'p' } = over;
  return {
    id,
    name: id,
    kind: 'PERSON',
    roles: [],
    plants: [],
    scopes: [],
    partner: null,
    expiresAt: Number.POSITIVE_INFINITY,
    ...over,
  };
}

import type { Principal } from '../../auth/principal.ts';

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

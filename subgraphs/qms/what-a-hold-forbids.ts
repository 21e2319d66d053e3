import type { EntityType } from '../../journal/entity-ref.ts';
import type { Restriction } from '../../journal/restriction.ts';

const goods: readonly EntityType[] = ['lot', 'material', 'production-order'];

/**
 * What the transitions of every system ask about, by what they would do with it. A hold forbids nothing else: on anything
 * else its word would stand in the graph, and stop nobody. Nobody asks about an asset: it is held at its work centers.
 */
const askedAbout: Readonly<Record<Restriction, readonly EntityType[]>> = {
  CONSUME: goods,
  MOVE: goods,
  PICK: [...goods, 'delivery'],
  SHIP: [...goods, 'delivery'],
  START_OPERATION: [...goods, 'operation', 'work-center'],
  COMPLETE_OPERATION: [...goods, 'operation', 'work-center'],
  SCHEDULE: [...goods, 'work-center'],
};

/** @param held the types of everything that the hold stands on */
export function mayForbid(restriction: Restriction, held: readonly string[]): boolean {
  return askedAbout[restriction].some((type) => held.includes(type));
}

/** The types of things for which it can be forbidden, in words. */
export function forbiddenFor(restriction: Restriction): string {
  return askedAbout[restriction].map((type) => type.replace('-', ' ')).join(', ');
}

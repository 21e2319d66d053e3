import type { Ids } from '../../runtime/ids.ts';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * Draws, for each request anew, which fields with `@override(label: "percent(N)")` are asked of their new subgraph.
 * All numbers between two of the supergraph's percentages lead to one plan, so only the lowest of them is drawn: an
 * operation has one plan more than there are percentages, not one per number.
 * @returns undefined where no field moves by percentage
 */
export function createOverrideDraw(percentages: readonly number[], ids: Ids): (() => number) | undefined {
  if (percentages.length === 0) return undefined;
  const steps = [...new Set([0, ...percentages])].sort((a, b) => b - a);
  return () => {
    const drawn = 100 * fractionOf(ids.next());
    return steps.find((step) => step <= drawn) ?? 0;
  };
}

/** The last six characters of an id are 30 bits of chance. */
function fractionOf(id: string): number {
  let value = 0;
  for (const character of id.slice(-6)) value = value * 32 + Math.max(0, alphabet.indexOf(character));
  return value / 32 ** 6;
}

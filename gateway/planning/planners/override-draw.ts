import { drawFraction, type Ids } from '../../../runtime/ids.ts';

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
    const drawn = 100 * drawFraction(ids);
    return steps.find((step) => step <= drawn) ?? 0;
  };
}

/** Whether the fields of a label are asked of their new subgraph. @param moved labels without a percentage that have */
export function hasMoved(label: string, moved: readonly string[], draw: number): boolean {
  const percentage = /^percent\(([\d.]+)\)$/.exec(label)?.[1];
  return percentage === undefined ? moved.includes(label) : draw < Number(percentage);
}

import type { Variables } from '../execution/compiled-operation.ts';

/** A number that is never negative, and may vary with a request's variables. */
export type CostTerm = number | VaryingCost;

export interface VaryingCost {
  /** Under no variables is it less. */
  readonly least: number;
  at(variables: Variables): number;
}

/** No cost is more: what became infinite could not be compared any more. */
const most = Number.MAX_SAFE_INTEGER;

export const costAt = (term: CostTerm, variables: Variables): number =>
  typeof term === 'number' ? term : term.at(variables);

export const leastOf = (term: CostTerm): number => (typeof term === 'number' ? term : term.least);

export function sumOf(terms: readonly CostTerm[]): CostTerm {
  let fixed = 0;
  for (const term of terms) if (typeof term === 'number') fixed += term;
  fixed = Math.min(fixed, most);
  const varying = terms.filter((term) => typeof term !== 'number');
  const [only] = varying;
  if (!only) return fixed;
  if (varying.length === 1 && fixed === 0) return only;
  return {
    least: Math.min(
      varying.reduce((sum, { least }) => sum + least, fixed),
      most,
    ),
    at(variables) {
      let sum = fixed;
      for (const term of varying) sum += term.at(variables);
      return Math.min(sum, most);
    },
  };
}

export function productOf(left: CostTerm, right: CostTerm): CostTerm {
  const times = (a: number, b: number) => Math.min(a * b, most);
  if (typeof left === 'number' && typeof right === 'number') return times(left, right);
  if (left === 1) return right;
  if (left === 0 || right === 0) return 0;
  return {
    least: times(leastOf(left), leastOf(right)),
    at: (variables) => times(costAt(left, variables), costAt(right, variables)),
  };
}

/** The largest of them; 0 where there is none. */
export function mostOf(terms: readonly CostTerm[]): CostTerm {
  let fixed = 0;
  for (const term of terms) if (typeof term === 'number') fixed = Math.max(fixed, term);
  const varying = terms.filter((term) => typeof term !== 'number');
  const [only] = varying;
  if (!only) return fixed;
  if (varying.length === 1 && fixed === 0) return only;
  return {
    least: varying.reduce((largest, { least }) => Math.max(largest, least), fixed),
    at(variables) {
      let largest = fixed;
      for (const term of varying) largest = Math.max(largest, term.at(variables));
      return largest;
    },
  };
}

/** The term where `holds`, else nothing. */
export const termWhere = (holds: (variables: Variables) => boolean, term: CostTerm): CostTerm =>
  term === 0 ? 0 : { least: 0, at: (variables) => (holds(variables) ? costAt(term, variables) : 0) };

import type { Coded } from '../request/access-entry.ts';

/** Subgraphs name their errors as they like: whatever is no plain name is called this. */
export const otherCode = 'other';

/** @returns its code in a form that may stand in a metric and in a trace */
export function labelOfCode({ extensions }: Coded): string {
  const code = extensions?.['code'];
  if (typeof code !== 'string') return 'none';
  return /^\w{1,64}$/.test(code) ? code : otherCode;
}

/** Codes of one answer that are told. */
const maxCodes = 8;

/** @returns those of an answer, each once */
export const codesOf = (errors: readonly Coded[]): readonly string[] =>
  [...new Set(errors.map(labelOfCode))].slice(0, maxCodes);

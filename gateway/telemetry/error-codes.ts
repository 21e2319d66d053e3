/** An error as clients read it. */
export interface Coded {
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}

/** Subgraphs name their errors as they like: whatever is no plain name is called this. */
export const otherCode = 'other';

/** @returns its code in a form that may stand in a metric and in a trace */
export function labelOfCode({ extensions }: Coded): string {
  const code = extensions?.['code'];
  if (typeof code !== 'string') return 'none';
  return /^\w{1,64}$/.test(code) ? code : otherCode;
}

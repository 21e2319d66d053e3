import { CompiledQuery } from 'kysely';

/** What a transaction and a store's reads have in common. */
export interface QueryRunner {
  executeQuery<Row>(
    query: CompiledQuery<Row>,
  ): Promise<{ readonly rows: Row[]; readonly numAffectedRows?: bigint | undefined }>;
}

/**
 * A statement of the hot path, written once as text: building and compiling a query costs more than running it on SQLite.
 * Parameters are `$1`, `$2` … in the order of their first mention, which both dialects understand.
 */
export function statement<Row>(
  text: string,
): (runner: QueryRunner, parameters: readonly unknown[]) => Promise<readonly Row[]> {
  return async (runner, parameters) => (await runner.executeQuery<Row>(CompiledQuery.raw(text, [...parameters]))).rows;
}

/** As `statement`, for what changes rows. @returns how many */
export function change(text: string): (runner: QueryRunner, parameters: readonly unknown[]) => Promise<number> {
  return async (runner, parameters) => {
    const { numAffectedRows } = await runner.executeQuery(CompiledQuery.raw(text, [...parameters]));
    return Number(numAffectedRows ?? 0n);
  };
}

/**
 * `($1, $2, $3, $4)` for three values: lists come in lengths of powers of two, the last value repeated, so that few
 * distinct texts are prepared.
 */
export function listOf(values: readonly string[]): { readonly text: string; readonly parameters: readonly string[] } {
  const length = 2 ** Math.ceil(Math.log2(Math.max(values.length, 1)));
  const last = values.at(-1) as string;
  const parameters = Array.from({ length }, (_, index) => values[index] ?? last);
  return { text: `(${parameters.map((_, index) => `$${index + 1}`).join(', ')})`, parameters };
}

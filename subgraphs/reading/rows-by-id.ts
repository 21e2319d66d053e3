import { PlantsUnavailableError } from '../../connectors/errors.ts';
import type { ReadOptions } from '../../connectors/page.ts';
import { parseEntityId } from '../../journal/entity-ref.ts';

/** How the rows of a port, which knows natural keys only, are found by the ids of the graph. */
export interface RowSource<Key, Row> {
  /** @returns null for what is no id of this type: it is answered like an unknown one, and nobody is asked */
  readonly keyOf: (id: string) => Key | null;
  readonly fetch: (keys: readonly Key[], options: ReadOptions) => Promise<readonly Row[]>;
  /** The id of the row. */
  readonly idOf: (row: Row) => string;
}

/** @returns the rows that exist, by their ids; an error for each id of a plant whose system cannot be asked */
export async function rowsById<Key, Row>(
  ids: readonly string[],
  source: RowSource<Key, Row>,
  options: ReadOptions,
): Promise<ReadonlyMap<string, Row | Error>> {
  const { rows, unavailable } = await fetchRows(ids, source, options);
  const found = rows.map((row) => [source.idOf(row), row] as const);
  return new Map<string, Row | Error>([...found, ...failuresOf(ids, unavailable)]);
}

/** What a row belongs to, by id: one thing or several. */
export interface OwnedRowSource<Key, Row> extends Omit<RowSource<Key, Row>, 'idOf'> {
  readonly idOf: (row: Row) => string | readonly string[];
}

/** @returns the rows that belong to each of the ids, in the port's order; an error as above */
export async function rowsOfIds<Key, Row>(
  ids: readonly string[],
  source: OwnedRowSource<Key, Row>,
  options: ReadOptions,
): Promise<ReadonlyMap<string, readonly Row[] | Error>> {
  const { rows, unavailable } = await fetchRows(ids, source, options);
  const found = new Map<string, Row[]>(ids.map((id) => [id, []]));
  for (const row of rows) for (const id of new Set([source.idOf(row)].flat())) found.get(id)?.push(row);
  return new Map<string, readonly Row[] | Error>([...found, ...failuresOf(ids, unavailable)]);
}

interface Fetched<Row> {
  readonly rows: readonly Row[];
  readonly unavailable: PlantsUnavailableError | null;
}

async function fetchRows<Key, Row>(
  ids: readonly string[],
  { keyOf, fetch }: Pick<RowSource<Key, Row>, 'keyOf' | 'fetch'>,
  options: ReadOptions,
): Promise<Fetched<Row>> {
  const keys = ids.map(keyOf).filter((key) => key !== null);
  if (keys.length === 0) return { rows: [], unavailable: null };
  try {
    return { rows: await fetch(keys, options), unavailable: null };
  } catch (error) {
    if (!(error instanceof PlantsUnavailableError)) throw error;
    return { rows: error.rows as readonly Row[], unavailable: error };
  }
}

function failuresOf(ids: readonly string[], unavailable: PlantsUnavailableError | null) {
  if (!unavailable) return [];
  const isAway = (id: string) => unavailable.plantCodes.includes(parseEntityId(id)?.plantCode ?? '');
  return ids.filter(isAway).map((id) => [id, unavailable] as const);
}

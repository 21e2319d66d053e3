/** How the rows of a port, which knows natural keys only, are found by the ids of the graph. */
export interface RowSource<Key, Row> {
  /** @returns null for what is no id of this type: it is answered like an unknown one, and nobody is asked */
  readonly keyOf: (id: string) => Key | null;
  readonly fetch: (keys: readonly Key[]) => Promise<readonly Row[]>;
  /** The id of the row, or of what the row belongs to. */
  readonly idOf: (row: Row) => string;
}

/** @returns the rows that exist, by their ids */
export async function rowsById<Key, Row>(
  ids: readonly string[],
  source: RowSource<Key, Row>,
): Promise<ReadonlyMap<string, Row>> {
  return new Map((await fetchRows(ids, source)).map((row) => [source.idOf(row), row]));
}

/** @returns the rows that belong to each of the ids, in the port's order */
export async function rowsOfIds<Key, Row>(
  ids: readonly string[],
  source: RowSource<Key, Row>,
): Promise<ReadonlyMap<string, readonly Row[]>> {
  const rows = new Map<string, Row[]>(ids.map((id) => [id, []]));
  for (const row of await fetchRows(ids, source)) rows.get(source.idOf(row))?.push(row);
  return rows;
}

async function fetchRows<Key, Row>(ids: readonly string[], { keyOf, fetch }: RowSource<Key, Row>) {
  const keys = ids.map(keyOf).filter((key) => key !== null);
  return keys.length === 0 ? [] : fetch(keys);
}

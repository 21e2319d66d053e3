import DataLoader from 'dataloader';
import type { ReadOptions } from '../../connectors/page.ts';
import { type OwnedRowSource, type RowSource, rowsById, rowsOfIds } from './rows-by-id.ts';
import type { ScopedRow, Visibility } from './visibility.ts';

export interface EntityLoader<Row> {
  load(key: string): Promise<Row | null>;
}

export interface ListLoader<Row> {
  load(key: string): Promise<readonly Row[]>;
}

/**
 * Makes the loaders of one request. Every way to an entity goes through one, so none can forget who may see it. An error
 * stands for the rows of a system that could not be asked.
 */
export interface LoaderFactory {
  /** One row for each id. */
  one<Key, Row extends ScopedRow>(source: RowSource<Key, Row>): EntityLoader<Row>;
  /** What belongs to each of the ids, such as the operations of an order. */
  many<Key, Row extends ScopedRow>(source: OwnedRowSource<Key, Row>): ListLoader<Row>;
  /** The same for rows that are found in another way. */
  oneBy<Row extends ScopedRow>(
    loadMany: (ids: readonly string[], options: ReadOptions) => Promise<ReadonlyMap<string, Row | Error>>,
  ): EntityLoader<Row>;
  manyBy<Row extends ScopedRow>(
    loadMany: (ids: readonly string[], options: ReadOptions) => Promise<ReadonlyMap<string, readonly Row[] | Error>>,
  ): ListLoader<Row>;
}

/**
 * Batches the ids of one request into one call of the connector, and hides what the caller may not see: a hidden row is
 * null like a missing one. A connector whose caller is gone meanwhile is told so.
 */
export function createLoaderFactory(isVisible: Visibility, { signal }: ReadOptions): LoaderFactory {
  const options = signal ? { signal } : {};
  const oneBy: LoaderFactory['oneBy'] = (loadMany) =>
    new DataLoader(async (ids: readonly string[]) => {
      const rows = await loadMany(ids, options);
      return ids.map((id) => {
        const row = rows.get(id);
        if (row instanceof Error) return row;
        return row && isVisible(row) ? row : null;
      });
    });
  const manyBy: LoaderFactory['manyBy'] = (loadMany) =>
    new DataLoader(async (ids: readonly string[]) => {
      const rows = await loadMany(ids, options);
      return ids.map((id) => {
        const own = rows.get(id) ?? [];
        return own instanceof Error ? own : own.filter(isVisible);
      });
    });
  return {
    oneBy,
    manyBy,
    one: (source) => oneBy((ids) => rowsById(ids, source, options)),
    many: (source) => manyBy((ids) => rowsOfIds(ids, source, options)),
  };
}

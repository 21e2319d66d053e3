import DataLoader from 'dataloader';
import type { Principal } from '../auth/principal.ts';
import type { RowScope } from '../connectors/page.ts';
import { isVisible } from './evaluate.ts';

/** What a row must say so that it can be decided who sees it. */
export interface ScopedRow {
  readonly plantCode: string;
  /** The partner number that the row belongs to; null: the plant's own people only. */
  readonly partner: string | null;
}

export interface EntityLoader<Row> {
  load(key: string): Promise<Row | null>;
}

/**
 * Batches the keys of one request into one call of the connector, and hides what the principal may not see: a hidden
 * row is null like a missing one. Every way to an entity goes through here, so none can forget it.
 */
export function createEntityLoader<Row extends ScopedRow>(
  principal: Principal,
  loadMany: (keys: readonly string[]) => Promise<ReadonlyMap<string, Row | Error>>,
): EntityLoader<Row> {
  return new DataLoader<string, Row | null>(async (keys) => {
    const rows = await loadMany(keys);
    return keys.map((key) => {
      const row = rows.get(key);
      if (row instanceof Error) return row;
      return row && isVisible(principal, row) ? row : null;
    });
  });
}

export interface ListLoader<Row> {
  load(key: string): Promise<readonly Row[]>;
}

/** The same for what belongs to each of the keys, such as the operations of an order. */
export function createListLoader<Row extends ScopedRow>(
  principal: Principal,
  loadMany: (keys: readonly string[]) => Promise<ReadonlyMap<string, readonly Row[] | Error>>,
): ListLoader<Row> {
  return new DataLoader<string, readonly Row[]>(async (keys) => {
    const rows = await loadMany(keys);
    return keys.map((key) => {
      const own = rows.get(key) ?? [];
      return own instanceof Error ? own : own.filter((row) => isVisible(principal, row));
    });
  });
}

/** The same rule for lists: the connector filters by it before it pages. */
export function rowScope(principal: Principal): RowScope {
  return { plantCodes: principal.plants.includes('*') ? null : principal.plants, partner: principal.partner };
}

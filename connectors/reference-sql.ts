import type { RawBuilder, SelectQueryBuilder } from 'kysely';
import { sql } from 'kysely';
import { BadPageKeyError, partsOfKey } from './natural-key.ts';
import type { Page, PageRequest, RowScope } from './page.ts';

/** Conditions that every list of a reference system is made of. They mean the same on SQLite and on PostgreSQL. */
type Condition = RawBuilder<boolean>;

const always = () => sql<boolean>`1 = 1`;
const never = () => sql<boolean>`1 = 0`;

/** The rows after the page's key, in the order of `columns`. @throws BadPageKeyError */
function isAfter(columns: readonly string[], { after }: PageRequest): Condition {
  if (after === null) return always();
  const parts = partsOfKey(after, columns.length);
  if (!parts) throw new BadPageKeyError();
  return sql<boolean>`(${sql.join(columns.map((column) => sql.ref(column)))}) > (${sql.join(parts)})`;
}

/** @param partnerColumn null for rows that belong to no partner: a partner sees none of them */
export function isInScope(scope: RowScope, plantColumn: string, partnerColumn: string | null): Condition {
  return sql<boolean>`(${isOneOf(plantColumn, scope.plantCodes)} and ${isOfPartner(scope.partner, partnerColumn)})`;
}

/** @param values null: whatever the column says */
export function isOneOf(column: string, values: readonly string[] | null | undefined): Condition {
  if (!values) return always();
  if (values.length === 0) return never();
  return sql<boolean>`${sql.ref(column)} in (${sql.join(values)})`;
}

/** @param value null: whatever the column says */
export function isValue(column: string, value: string | null | undefined): Condition {
  return value ? sql<boolean>`${sql.ref(column)} = ${value}` : always();
}

/** @param from an instant as ISO 8601 in UTC; null: since ever */
export function isSince(column: string, from: string | null | undefined): Condition {
  return from ? sql<boolean>`${sql.ref(column)} >= ${from}` : always();
}

/** The rows whose `columns` are one of `keys`; a column list of SQLite wants the values as rows, so both get them so. */
export function isKeyOf(columns: readonly string[], keys: readonly (readonly string[])[]): Condition {
  if (keys.length === 0) return never();
  const rows = keys.map((key) => sql`(${sql.join(key)})`);
  return sql<boolean>`(${sql.join(columns.map((column) => sql.ref(column)))}) in (values ${sql.join(rows)})`;
}

/**
 * One page of the rows that `query` selects, in the order of `key`: where a page begins is compared by what orders it.
 *
 * @param complete makes rows of the port out of those of the database
 * @throws BadPageKeyError
 */
export async function readPage<Tables, Table extends keyof Tables, Found, Row>(
  query: SelectQueryBuilder<Tables, Table, Found>,
  key: readonly string[],
  page: PageRequest,
  complete: (found: readonly Found[]) => readonly Row[] | Promise<readonly Row[]>,
): Promise<Page<Row>> {
  let inOrder = query.where(isAfter(key, page));
  for (const column of key) inOrder = inOrder.orderBy(sql.ref(column));
  // One more than the page may have shows whether there is a next one.
  const rows = await complete(await inOrder.limit(page.first + 1).execute());
  return { rows: rows.slice(0, page.first), hasNextPage: rows.length > page.first };
}

function isOfPartner(partner: string | null, column: string | null): Condition {
  if (partner === null) return always();
  return column === null ? never() : sql<boolean>`${sql.ref(column)} = ${partner}`;
}

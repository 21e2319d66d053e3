import type { Page, PageRequest } from '../../connectors/page.ts';
import { isPrintable } from '../../connectors/wellformed.ts';
import { ClientError } from '../errors.ts';

/** The arguments of every list, as the graph delivers them. */
export interface ConnectionArguments {
  readonly first?: number | null;
  readonly after?: string | null;
}

/** A Relay connection, forwards. Source: https://relay.dev/graphql/connections.htm */
export interface Connection<Row> {
  readonly edges: readonly { readonly cursor: string; readonly node: Row }[];
  readonly nodes: readonly Row[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

const defaultPageSize = 50;
const largestPageSize = 200;

export function pageRequest({ first, after }: ConnectionArguments): PageRequest {
  const size = first ?? defaultPageSize;
  if (size < 1 || size > largestPageSize) {
    throw new ClientError('BAD_PAGE_SIZE', `first must be between 1 and ${largestPageSize}. Page on with after.`);
  }
  return { first: size, after: after ? decodeCursor(after) : null };
}

/** @param isVisible what the policies hide is left out: the page is shorter, and its end is where the port's page ends */
export function toConnection<Row>(
  page: Page<Row>,
  keyOf: (row: Row) => string,
  request: PageRequest,
  isVisible: (row: Row) => boolean = () => true,
): Connection<Row> {
  const last = page.rows.at(-1);
  const edges = page.rows.filter(isVisible).map((node) => ({ cursor: encodeCursor(keyOf(node)), node }));
  return {
    edges,
    nodes: edges.map(({ node }) => node),
    pageInfo: {
      hasNextPage: page.hasNextPage,
      hasPreviousPage: request.after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: last ? encodeCursor(keyOf(last)) : null,
    },
  };
}

function encodeCursor(key: string): string {
  return Buffer.from(`k:${key}`).toString('base64url');
}

function decodeCursor(cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString();
  // PostgreSQL refuses to compare with a NUL, and the parts of a key are percent-encoded.
  if (!text.startsWith('k:') || text.includes('%00') || !isPrintable(text))
    throw new ClientError(
      'INVALID_CURSOR',
      'after must be a cursor of this list: an edge cursor or pageInfo.endCursor.',
    );
  return text.slice(2);
}

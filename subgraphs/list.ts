import type { Page, PageRequest, ReadOptions, RowScope } from '../connectors/page.ts';
import type { ConnectionArguments } from './connection.ts';
import { pageRequest, toConnection } from './connection.ts';
import type { SubgraphContext } from './context.ts';
import { rowScope, type ScopedRow } from './visibility.ts';

/** A filter as the graph delivers it: places and materials by their codes. */
interface FilterInput {
  readonly plant?: string | null;
  readonly line?: string | null;
  readonly material?: string | null;
  readonly workCenter?: string | null;
}

type ListArguments = ConnectionArguments & { readonly filter?: FilterInput | null };

type Read<Context, Filter, Row> = (
  context: Context,
  filter: Filter,
  page: PageRequest,
  scope: RowScope,
  options: ReadOptions,
) => Promise<Page<Row>>;

/** One list of a port as a connection, within what the caller may see. `Filter` is the port's: codes are named as such. */
export function list<Context extends SubgraphContext, Filter, Row extends ScopedRow>(
  read: Read<Context, Filter, Row>,
  keyOf: (row: Row) => string,
) {
  return async (_root: unknown, args: ListArguments, context: Context) => {
    const request = pageRequest(args);
    const { plant, line, material, workCenter, ...rest } = args.filter ?? {};
    const codes = { plantCode: plant, lineCode: line, materialCode: material, workCenterCode: workCenter };
    const { principal, signal } = context;
    const page = await read(context, { ...rest, ...codes } as Filter, request, rowScope(principal), { signal });
    return toConnection(page, keyOf, request, context.isVisible);
  };
}

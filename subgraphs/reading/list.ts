import type { Principal } from '../../auth/principal.ts';
import type { Page, PageRequest, ReadOptions, RowScope } from '../../connectors/page.ts';
import { isPrintable } from '../../connectors/wellformed.ts';
import { ClientError } from '../errors.ts';
import { excerptOf } from '../excerpt-of.ts';
import type { ConnectionArguments } from './connection.ts';
import { pageRequest, toConnection } from './connection.ts';
import { rowScope, type ScopedRow, type Visibility } from './visibility.ts';

/** A filter as the graph delivers it: places and materials by their codes. */
interface FilterInput {
  readonly plant?: string | null;
  readonly line?: string | null;
  readonly material?: string | null;
  readonly workCenter?: string | null;
}

type ListArguments = ConnectionArguments & { readonly filter?: FilterInput | null };

/** How one list of a port is read. */
export type Read<Context, Filter, Row> = (
  context: Context,
  filter: Filter,
  page: PageRequest,
  scope: RowScope,
  options: ReadOptions,
) => Promise<Page<Row>>;

/** Who reads, until when, and what they see. */
interface ListContext {
  readonly principal: Principal;
  readonly signal: AbortSignal;
  readonly isVisible: Visibility;
}

/** One list of a port as a connection, within what the caller may see. `Filter` is the port's: codes are named as such. */
export function list<Context extends ListContext, Filter, Row extends ScopedRow>(
  read: Read<Context, Filter, Row>,
  keyOf: (row: Row) => string,
) {
  return async (_root: unknown, args: ListArguments, context: Context) => {
    const request = pageRequest(args);
    requirePrintable(args.filter ?? {});
    const { plant, line, material, workCenter, ...rest } = args.filter ?? {};
    const codes = { plantCode: plant, lineCode: line, materialCode: material, workCenterCode: workCenter };
    const { principal, signal } = context;
    const page = await read(context, { ...rest, ...codes } as Filter, request, rowScope(principal), { signal });
    return toConnection(page, keyOf, request, context.isVisible);
  };
}

/** Longer than any code or id that a list can be filtered by. */
const longestText = 1000;

function requirePrintable(filter: object): void {
  for (const [field, given] of Object.entries(filter)) {
    if (typeof given !== 'string' || (given.length <= longestText && isPrintable(given))) continue;
    const message = `filter.${field} must be at most ${longestText} printable characters; it is ${excerptOf(given)}.`;
    throw new ClientError('BAD_INPUT', message);
  }
}

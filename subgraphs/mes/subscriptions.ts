import type { DowntimeFilter, DowntimeRow } from '../../connectors/mes/port.ts';
import { naturalKey } from '../../connectors/natural-key.ts';
import type { EventType } from '../../journal/catalogue.ts';
import type { Change, FollowArguments } from '../reading/follow-events.ts';
import { followEvents } from '../reading/follow-events.ts';
import { rowScope } from '../reading/visibility.ts';
import type { GraphQLResolverMap } from '../schema/resolver-map.ts';
import type { MesContext } from './context.ts';
import { assetKey, downtimeId, workCenterKey } from './keys.ts';
import { assetFilter } from './queries.ts';

const operationEvents = [
  'production.operation.dispatched',
  'production.operation.started',
  'production.operation.paused',
  'production.operation.held',
  'production.operation.unheld',
  'production.operation.resumed',
  'production.operation.completed',
  'production.operation.aborted',
] as const satisfies readonly EventType[];

const downtimeEvents = ['asset.downtimeStarted', 'asset.downtimeEnded'] as const satisfies readonly EventType[];

type OperationChange = Change<(typeof operationEvents)[number]>;

/** What was open before the first event: it has a cursor, but is no event. */
interface OpenDowntime {
  readonly cursor: string;
  readonly gap: null;
  readonly event: null;
  readonly downtime: DowntimeRow;
}

type DowntimeChange = Change<(typeof downtimeEvents)[number]> | OpenDowntime;

type OperationArguments = FollowArguments & { readonly workCenter?: string | null };
type DowntimeArguments = FollowArguments & { readonly asset?: string | null; readonly snapshot?: boolean | null };

async function* followOperations(
  args: OperationArguments,
  context: MesContext,
): AsyncGenerator<OperationChange, void, undefined> {
  const wanted = args.workCenter ? workCenterKey(args.workCenter) : undefined;
  for await (const change of followEvents(context, operationEvents, args)) {
    const isWanted =
      wanted === undefined ||
      change.event === null ||
      (change.event.plantCode === wanted?.plantCode && change.event.data.workCenterCode === wanted.workCenterCode);
    if (isWanted) yield change;
  }
}

/**
 * The journal's head is taken before the open downtimes are read, and events follow from there: one that is reported in
 * between comes twice rather than never. A client that resumes keeps its own cursor, so that it misses nothing either.
 */
async function* followDowntimes(
  args: DowntimeArguments,
  context: MesContext,
): AsyncGenerator<DowntimeChange, void, undefined> {
  const { journal } = context;
  const after = args.after ?? (args.snapshot ? await journal.events.head() : null);
  if (args.snapshot) {
    const filter = { plantCode: args.plant ?? null, lineCode: args.line ?? null, ...assetFilter(args.asset) };
    for await (const downtime of openDowntimes({ states: ['OPEN'], ...filter }, context))
      yield { cursor: after ?? '0', gap: null, event: null, downtime };
  }
  const wanted = args.asset ? assetKey(args.asset) : undefined;
  for await (const change of followEvents(context, downtimeEvents, { ...args, after })) {
    const isWanted =
      wanted === undefined ||
      change.event === null ||
      (change.event.plantCode === wanted?.plantCode && change.event.data.assetId === wanted.assetId);
    if (isWanted) yield change;
  }
}

async function* openDowntimes(
  filter: DowntimeFilter,
  { port, principal, isVisible }: MesContext,
): AsyncGenerator<DowntimeRow, void, undefined> {
  for (let after: string | null = null; ; ) {
    const { rows, hasNextPage } = await port.downtimes(filter, { first: 200, after }, rowScope(principal));
    yield* rows.filter(isVisible);
    const last = rows.at(-1);
    if (!hasNextPage || !last) return;
    after = naturalKey(last.plantCode, last.downtimeId);
  }
}

export const subscriptions: GraphQLResolverMap<MesContext> = {
  Subscription: {
    operationChanged: {
      subscribe: (_root: unknown, args: OperationArguments, context: MesContext) => followOperations(args, context),
      resolve: (change: OperationChange) => change,
    },
    downtimeChanged: {
      subscribe: (_root: unknown, args: DowntimeArguments, context: MesContext) => followDowntimes(args, context),
      resolve: (change: DowntimeChange) => change,
    },
  },
  OperationChange: {
    type: ({ event }: OperationChange) => event?.type ?? null,
    occurredAt: ({ event }: OperationChange) => event?.occurredAt ?? null,
    operation: ({ event }: OperationChange, _args, { loaders }) => event && loaders.operations.load(event.subject),
  },
  DowntimeChange: {
    type: ({ event }: DowntimeChange) => event?.type ?? null,
    occurredAt: (change: DowntimeChange) =>
      'downtime' in change ? change.downtime.startedAt : (change.event?.occurredAt ?? null),
    downtime: (change: DowntimeChange, _args, { loaders }) => {
      const id = 'downtime' in change ? downtimeId(change.downtime) : change.event?.subject;
      return id ? loaders.downtimes.load(id) : null;
    },
  },
};

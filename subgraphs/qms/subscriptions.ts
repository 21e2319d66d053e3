import { naturalKey } from '../../connectors/natural-key.ts';
import type { HoldRow } from '../../connectors/qms/port.ts';
import type { EventType } from '../../journal/catalogue.ts';
import { type Change, type FollowArguments, followEvents } from '../reading/follow-events.ts';
import { rowScope } from '../reading/visibility.ts';
import type { GraphQLResolverMap } from '../schema/resolver-map.ts';
import { findAnnouncedHold, type HoldEventType, holdEvents, holdOfEvent } from './announced-hold.ts';
import { type QmsContext, standsOn } from './context.ts';
import { holdIdOf } from './keys.ts';

const inspectionEvents = [
  'quality.inspection.created',
  'quality.inspection.resultRecorded',
  'quality.inspection.failed',
  'quality.inspection.decided',
] as const satisfies readonly EventType[];

interface HoldArguments extends FollowArguments {
  readonly scope?: string | null;
  readonly snapshot?: boolean | null;
}

/** A hold of the snapshot that comes before the events. */
interface SnapshotItem {
  readonly cursor: string;
  readonly gap: null;
  readonly event: null;
  readonly hold: HoldRow;
}

type HoldChange = Change<HoldEventType> | SnapshotItem;

/**
 * The cursor of a snapshot is taken before anything is read: what changes while it is read is sent again as an event, and
 * nothing falls between the two.
 */
async function* followHolds(args: HoldArguments, context: QmsContext): AsyncGenerator<HoldChange, void, undefined> {
  const { scope } = args;
  let after = args.after ?? null;
  if (args.snapshot && after === null) {
    after = await context.journal.events.head();
    yield* activeHolds(args, after, context);
  }
  for await (const change of followEvents(context, holdEvents, { ...args, after })) {
    if (!scope || change.event === null || standsOn(holdOfEvent(change.event), scope)) yield change;
  }
}

const pageSize = 200;

async function* activeHolds(args: HoldArguments, cursor: string, { port, principal, isVisible }: QmsContext) {
  const filter = { plantCode: args.plant ?? null, lineCode: args.line ?? null, active: true };
  for (let after: string | null = null, more = true; more; ) {
    const page = await port.holds(filter, { first: pageSize, after }, rowScope(principal));
    for (const hold of page.rows.filter((row) => isVisible(row) && (!args.scope || standsOn(row, args.scope))))
      yield { cursor, gap: null, event: null, hold };
    const last = page.rows.at(-1);
    after = last ? naturalKey(last.plantCode, last.holdNo) : null;
    more = page.hasNextPage;
  }
}

/** The hold as it is now; as its events say, when the QMS cannot be asked or does not have it yet. */
async function holdOf(change: HoldChange, context: QmsContext): Promise<HoldRow | null> {
  if ('hold' in change) return change.hold;
  if (change.event === null) return null;
  const announced = holdOfEvent(change.event);
  context.renewLoaders();
  const id = holdIdOf(announced);
  const row = await context.loaders.holds.load(id).catch(() => null);
  return row ?? (await findAnnouncedHold(id, context)) ?? announced;
}

const itself = <Payload>(change: Payload) => change;
const type = ({ event }: Change<EventType>) => event?.type ?? null;
const occurredAt = ({ event }: Change<EventType>) => event?.occurredAt ?? null;

export const subscriptions: GraphQLResolverMap<QmsContext> = {
  Subscription: {
    qualityHoldChanged: {
      subscribe: (_root: unknown, args: HoldArguments, context: QmsContext) => followHolds(args, context),
      resolve: itself<HoldChange>,
    },
    inspectionQueueChanged: {
      subscribe: (_root: unknown, args: FollowArguments, context: QmsContext) =>
        followEvents(context, inspectionEvents, args),
      resolve: itself<Change<EventType>>,
    },
  },
  QualityHoldChange: {
    type,
    occurredAt,
    hold: (change: HoldChange, _args, context) => holdOf(change, context),
  },
  InspectionQueueChange: {
    type,
    occurredAt,
    inspectionLot: ({ event }: Change<EventType>, _args, { loaders }) =>
      event && loaders.inspectionLots.load(event.subject),
  },
};

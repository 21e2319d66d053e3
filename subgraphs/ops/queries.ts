import { mayEnterPlant } from '../../auth/principal.ts';
import type { ExceptionFilter } from '../../connectors/ops/port.ts';
import { type EntityId, parseEntityId } from '../../journal/entity-ref.ts';
import type { EventFilter } from '../../journal/envelope.ts';
import type { Interlock } from '../../journal/interlock.ts';
import { isoTime } from '../../runtime/clock.ts';
import { ClientError } from '../errors.ts';
import type { ConnectionArguments } from '../reading/connection.ts';
import { pageRequest, toConnection } from '../reading/connection.ts';
import type { GraphQLResolverMap } from '../schema/resolver-map.ts';
import { plantScope, requireAuthority } from './authority.ts';
import { canTransition } from './can-transition.ts';
import type { OpsContext } from './context.ts';
import { evaluateDelivery, evaluateLotShipment } from './eligibility.ts';
import { requireEventTypes } from './event-types.ts';

interface EventsArguments extends ConnectionArguments {
  readonly filter?: {
    readonly types?: readonly string[] | null;
    readonly plant?: string | null;
    readonly line?: string | null;
    readonly subject?: string | null;
  } | null;
}

interface InterlocksArguments extends ConnectionArguments {
  readonly filter?: {
    readonly plant?: string | null;
    readonly cause?: string | null;
    readonly entities?: readonly string[] | null;
    readonly active?: boolean | null;
  } | null;
}

interface AuditArguments extends ConnectionArguments {
  readonly entity?: string | null;
  readonly plant?: string | null;
  readonly from?: string | null;
  readonly to?: string | null;
}

interface ExceptionsArguments extends ConnectionArguments {
  readonly filter?: (Omit<ExceptionFilter, 'plantCode'> & { readonly plant?: string | null }) | null;
}

export const queries: GraphQLResolverMap<OpsContext> = {
  Query: {
    events: (_root, args: EventsArguments, context) => readEvents(args, context),
    journalHead: (_root, _args, { policies, principal, journal }) => {
      requireAuthority(policies, principal, 'readEvents');
      return journal.events.head();
    },
    interlocks: (_root, args: InterlocksArguments, context) => readInterlocks(args, context),
    auditTrail: (_root, args: AuditArguments, context) => readAudit(args, context),
    ownership: (_root, _args, { ownership }) => ownership,
    canTransition: (_root, { entity, name }: { readonly entity: string; readonly name: string }, context) =>
      canTransition(entity, name, context),
    shipmentEligibility: (_root, args: EligibilityArguments, context) => readEligibility(args, context),
    workflowException: (_root, { id }: { readonly id: string }, { policies, principal, loaders }) => {
      requireAuthority(policies, principal, 'readEvents');
      return loaders.exceptions.load(id);
    },
    exceptions: (_root, args: ExceptionsArguments, context) => readExceptions(args, context),
  },
};

/** An event's cursor is its position, here as in every subscription: one can go on where the other stopped. */
async function readEvents({ filter, first, after }: EventsArguments, { policies, principal, journal }: OpsContext) {
  requireAuthority(policies, principal, 'readEvents');
  const request = pageRequest(first === undefined ? {} : { first });
  const { types, plant, line, subject } = filter ?? {};
  const wanted: EventFilter = {
    ...plantScope(principal, plant),
    ...(types ? { types: requireEventTypes(types) } : {}),
    ...(line ? { line } : {}),
    ...(subject ? { subject: subject as EntityId } : {}),
  };
  const events = await journal.events.after(after ?? '0', wanted, request.first + 1);
  const edges = events.slice(0, request.first).map((node) => ({ cursor: node.position, node }));
  return {
    edges,
    nodes: edges.map(({ node }) => node),
    pageInfo: {
      hasNextPage: events.length > request.first,
      hasPreviousPage: after !== undefined && after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

async function readInterlocks({ filter, ...page }: InterlocksArguments, context: OpsContext) {
  const { policies, principal, journal } = context;
  requireAuthority(policies, principal, 'readInterlocks');
  const request = pageRequest(page);
  const { plant, cause, entities, active } = filter ?? { active: true };
  const scope = plantScope(principal, plant);
  const rows = entities
    ? await standingOn(entities, { ...scope, cause, active }, request, context)
    : await journal.interlocks.list(
        {
          ...scope,
          ...(active === null || active === undefined ? {} : { active }),
          ...(cause ? { cause: cause as EntityId } : {}),
        },
        { first: request.first + 1, ...(request.after === null ? {} : { after: request.after }) },
      );
  return toConnection(toPage(rows, request.first), ({ id }) => id, request);
}

const mostEntities = 200;

interface StandingFilter {
  readonly plantCodes?: readonly string[];
  readonly cause: string | null | undefined;
  readonly active: boolean | null | undefined;
}

/** There are few on the same things, so they are all read, in the order of their ids. Lifted ones are not kept by thing. */
async function standingOn(
  entities: readonly string[],
  { plantCodes, cause, active }: StandingFilter,
  { after }: { readonly after: string | null },
  { journal }: OpsContext,
): Promise<readonly Interlock[]> {
  if (entities.length > mostEntities) {
    throw new ClientError('BAD_INPUT', `Give at most ${mostEntities} ids in entities, and ask again for the others.`);
  }
  if (active !== true) {
    const remedy = 'Leave active out, or look for lifted ones by their cause.';
    throw new ClientError('BAD_INPUT', `Only active interlocks are found by entities. ${remedy}`);
  }
  const standing = await journal.interlocks.active(entities as readonly EntityId[]);
  return standing
    .filter((one) => !plantCodes || plantCodes.includes(one.plantCode))
    .filter((one) => (!cause || one.cause === cause) && (after === null || one.id > after))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

async function readAudit({ entity, plant, from, to, ...page }: AuditArguments, context: OpsContext) {
  const { policies, principal, journal } = context;
  requireAuthority(policies, principal, 'readAudit');
  const request = pageRequest(page);
  const filter = {
    ...plantScope(principal, plant),
    ...(entity ? { entityId: entity as EntityId } : {}),
    ...(from ? { from } : {}),
    ...(to ? { to } : {}),
  };
  const rows = await journal.audit.list(filter, {
    first: request.first + 1,
    ...(request.after === null ? {} : { after: request.after }),
  });
  return toConnection(toPage(rows, request.first), ({ number }) => String(number), request);
}

interface EligibilityArguments {
  readonly delivery?: string | null;
  readonly lot?: string | null;
}

async function readEligibility({ delivery, lot }: EligibilityArguments, { loaders, clock, principal }: OpsContext) {
  if (Boolean(delivery) === Boolean(lot)) {
    throw new ClientError('BAD_INPUT', 'Give either the id of a delivery or the id of a lot, not both.');
  }
  const id = delivery ?? lot ?? '';
  const ref = parseEntityId(id);
  if (ref?.type !== (delivery ? 'delivery' : 'lot') || !mayEnterPlant(principal, ref.plantCode)) return null;
  const now = isoTime(clock.now());
  if (delivery) {
    const found = await loaders.deliveries.load(id);
    return found && evaluateDelivery(found.facts, now, principal);
  }
  const found = await loaders.lots.load(id);
  return found && evaluateLotShipment(found.facts, now, principal);
}

async function readExceptions({ filter, ...page }: ExceptionsArguments, context: OpsContext) {
  const { policies, principal, exceptions } = context;
  requireAuthority(policies, principal, 'readEvents');
  const request = pageRequest(page);
  const { plant, ...rest } = filter ?? {};
  const { plantCodes = null } = plantScope(principal, plant);
  return toConnection(await exceptions.exceptions(rest, request, { plantCodes }), ({ id }) => id, request);
}

function toPage<Row>(rows: readonly Row[], first: number) {
  return { rows: rows.slice(0, first), hasNextPage: rows.length > first };
}

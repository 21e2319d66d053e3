import type { Principal } from '../../auth/principal.ts';
import { mayEnterPlant } from '../../auth/principal.ts';
import type { ExceptionRow } from '../../connectors/ops/port.ts';
import type { AuditEntry } from '../../journal/audit-entry.ts';
import { cloudEventType } from '../../journal/catalogue.ts';
import type { EntityType } from '../../journal/entity-ref.ts';
import { parseEntityId } from '../../journal/entity-ref.ts';
import type { JournalEvent } from '../../journal/envelope.ts';
import type { Interlock } from '../../journal/interlock.ts';
import { isoTime } from '../../runtime/clock.ts';
import type { GraphQLResolverMap } from '../schema/resolver-map.ts';
import type { TransitionAnswer } from '../transitions/transition.ts';
import type { OpsContext } from './context.ts';
import { evaluateDelivery, evaluateLot } from './eligibility.ts';
import { exceptionId } from './keys.ts';

interface Reference {
  readonly id: string;
}

export const entities: GraphQLResolverMap<OpsContext> = {
  Lot: {
    __resolveReference: ({ id }: Reference, { principal, loaders }: OpsContext) =>
      resolveStub(id, 'lot', principal, () => loaders.lots.load(id)),
    usability: async ({ id }: Reference, _args, { loaders, clock, principal }) => {
      const lot = await loaders.lots.load(id);
      return lot && evaluateLot(lot.facts, isoTime(clock.now()), principal);
    },
  },
  Delivery: {
    __resolveReference: ({ id }: Reference, { principal, loaders }: OpsContext) =>
      resolveStub(id, 'delivery', principal, () => loaders.deliveries.load(id)),
    eligibility: async ({ id }: Reference, _args, { loaders, clock, principal }) => {
      const delivery = await loaders.deliveries.load(id);
      return delivery && evaluateDelivery(delivery.facts, isoTime(clock.now()), principal);
    },
  },
  JournalEvent: {
    cloudEventType: ({ type }: JournalEvent) => cloudEventType(type),
    plant: ({ plantCode }: JournalEvent) => plantCode,
    time: ({ occurredAt }: JournalEvent) => occurredAt,
  },
  Interlock: {
    entity: ({ entityId }: Interlock) => entityId,
    plant: ({ plantCode }: Interlock) => plantCode,
  },
  AuditEntry: {
    entity: ({ entityId }: AuditEntry) => entityId,
    plant: ({ plantCode }: AuditEntry) => plantCode,
  },
  WorkflowException: {
    __resolveReference: ({ id }: Reference, { loaders }: OpsContext) => loaders.exceptions.load(id),
    id: exceptionId,
    plant: ({ plantCode }: ExceptionRow) => plantCode,
    state: ({ state, changedAt, resolvedBy, resolution }: ExceptionRow) => ({
      code: state,
      since: changedAt,
      by: resolvedBy,
      reason: resolution,
    }),
    availableTransitions: (row: ExceptionRow, _args, { executor, principal, signal }) =>
      executor.available(['retryException', 'resolveException'], row, principal, signal),
  },
  WorkflowExceptionTransitionResult: {
    workflowException: ({ subjectId }: TransitionAnswer, _args, { loaders }) =>
      subjectId && loaders.exceptions.load(subjectId),
  },
  TransitionResult: { __resolveType: () => 'WorkflowExceptionTransitionResult' },
};

/**
 * Andon keeps no lots and no deliveries. The plant's own people get a stub for any id of their plants; whether a partner may
 * know of it, the ERP is asked first.
 */
async function resolveStub(
  id: string,
  type: EntityType,
  principal: Principal,
  load: () => Promise<unknown>,
): Promise<Reference | null> {
  const ref = parseEntityId(id);
  if (ref?.type !== type || !mayEnterPlant(principal, ref.plantCode)) return null;
  return principal.partner === null || (await load()) ? { id } : null;
}

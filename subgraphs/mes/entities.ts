import type { Principal } from '../../auth/principal.ts';
import { mayEnterPlant } from '../../auth/principal.ts';
import { addDecimals } from '../../connectors/decimal.ts';
import type { ConsumptionRow, DowntimeRow, LotKey, OperationRow, OperationState } from '../../connectors/mes/port.ts';
import type { ConnectionArguments } from '../reading/connection.ts';
import { newestFirst } from '../reading/newest-first.ts';
import { toldCauses } from '../reading/told-causes.ts';
import type { GraphQLResolverMap } from '../schema/resolver-map.ts';
import type { TransitionAnswer } from '../transitions/transition.ts';
import type { MesContext } from './context.ts';
import { downtimeTransitionNames } from './downtime-transitions.ts';
import { assetId, assetKey, downtimeId, lotId, lotKey, operationId, orderId, orderKey, workCenterId } from './keys.ts';
import { operationTransitionNames } from './operation-transitions.ts';

/** What another system owns: the MES knows its id and adds its own fields. */
interface Reference {
  readonly id: string;
}

type DowntimesArguments = ConnectionArguments & { readonly open?: boolean | null };

const quantity = (value: string, unit: string) => ({ value, unit });

function availableTransitions(names: readonly string[]) {
  return (row: unknown, _args: unknown, { executor, principal, signal }: MesContext) =>
    executor.available(names, row, principal, signal);
}

/**
 * Another system's entity, for whoever may enter its plant. A partner needs a row of its own here besides: the MES cannot
 * know otherwise whose it is.
 */
async function referTo(
  id: string,
  plantCode: string | undefined,
  principal: Principal,
  hasOwnRow: () => Promise<boolean>,
): Promise<Reference | null> {
  if (plantCode === undefined || !mayEnterPlant(principal, plantCode)) return null;
  return principal.partner === null || (await hasOwnRow()) ? { id } : null;
}

/** A lot that an operation makes or uses. What a partner's operation uses may be the plant's own, or somebody else's. */
function referToLot(row: LotKey, { loaders, principal }: MesContext): Promise<Reference | null> {
  const id = lotId(row);
  return referTo(id, row.plantCode, principal, async () => (await loaders.lots.load(id)) !== null);
}

const interrupted: readonly OperationState[] = ['HELD', 'SUSPENDED'];

/** What runs comes before what is interrupted; of several, the first by order and number. */
function currentOperation(operations: readonly OperationRow[]): OperationRow | undefined {
  return (
    operations.find(({ state }) => state === 'RUNNING') ?? operations.find(({ state }) => interrupted.includes(state))
  );
}

function runState(operations: readonly OperationRow[]): string {
  const current = currentOperation(operations);
  if (!current) return 'IDLE';
  return current.state === 'RUNNING' ? 'RUNNING' : 'INTERRUPTED';
}

function progress(operations: readonly OperationRow[]) {
  const last = operations.at(-1);
  if (!last) return null;
  const scrap = addDecimals('0', ...operations.map(({ scrapQuantity }) => scrapQuantity));
  return {
    producedQuantity: quantity(last.producedQuantity, last.unit),
    scrapQuantity: quantity(scrap, last.unit),
    operationsEnded: operations.filter(({ state }) => state === 'ENDED').length,
    operationsTotal: operations.length,
  };
}

/** Every entity that the MES owns or adds to: how a reference becomes a row, and how a row becomes fields. */
export const entities: GraphQLResolverMap<MesContext> = {
  Operation: {
    __resolveReference: ({ id }: Reference, { loaders }: MesContext) => loaders.operations.load(id),
    id: operationId,
    executionState: ({ state, stateSince, stateBy, stateReason }: OperationRow) => ({
      code: state,
      since: stateSince,
      by: stateBy,
      reason: stateReason,
    }),
    producedQuantity: (operation: OperationRow) => quantity(operation.producedQuantity, operation.unit),
    scrapQuantity: (operation: OperationRow) => quantity(operation.scrapQuantity, operation.unit),
    heldBy: async ({ causes }: OperationRow, _args, context) =>
      (await toldCauses(causes, context)).filter((cause) => cause !== null),
    lot: (operation: OperationRow, _args, context) => referToLot(operation, context),
    consumptions: (operation: OperationRow, _args, { loaders }) =>
      loaders.consumptionsOfOperation.load(operationId(operation)),
    availableTransitions: availableTransitions(operationTransitionNames),
  },
  Consumption: {
    lot: (consumption: ConsumptionRow, _args, context) => referToLot(consumption, context),
    quantity: (consumption: ConsumptionRow) => quantity(consumption.quantity, consumption.unit),
  },
  ProductionOrder: {
    __resolveReference: ({ id }: Reference, { loaders, principal }: MesContext) =>
      referTo(
        id,
        orderKey(id)?.plantCode,
        principal,
        async () => (await loaders.operationsOfOrder.load(id)).length > 0,
      ),
    progress: async ({ id }: Reference, _args, { loaders }) => progress(await loaders.operationsOfOrder.load(id)),
  },
  WorkCenter: {
    __resolveReference: async ({ id }: Reference, { loaders }: MesContext) => {
      const workCenter = await loaders.workCenters.load(id);
      return workCenter && { id };
    },
    runState: async ({ id }: Reference, _args, { loaders }) =>
      runState(await loaders.openOperationsOfWorkCenter.load(id)),
    currentOperation: async ({ id }: Reference, _args, { loaders }) =>
      currentOperation(await loaders.openOperationsOfWorkCenter.load(id)),
    operations: async (
      { id }: Reference,
      { states }: { readonly states?: readonly OperationState[] | null },
      { loaders },
    ) => {
      const open = await loaders.openOperationsOfWorkCenter.load(id);
      return states ? open.filter(({ state }) => states.includes(state)) : open;
    },
  },
  Lot: {
    __resolveReference: ({ id }: Reference, { loaders, principal }: MesContext) =>
      referTo(id, lotKey(id)?.plantCode, principal, async () => (await loaders.lots.load(id)) !== null),
    productionState: async ({ id }: Reference, _args, { loaders }) =>
      (await loaders.lots.load(id))?.productionState ?? null,
    operations: async ({ id }: Reference, args: ConnectionArguments, { loaders }) =>
      newestFirst(await loaders.operationsOfLot.load(id), args, operationId),
  },
  Asset: {
    __resolveReference: ({ id }: Reference, { loaders, principal }: MesContext) =>
      referTo(id, assetKey(id)?.plantCode, principal, async () => (await loaders.downtimesOfAsset.load(id)).length > 0),
    downtimes: async ({ id }: Reference, { open, ...page }: DowntimesArguments, { loaders }) => {
      const downtimes = await loaders.downtimesOfAsset.load(id);
      const wanted = downtimes.filter(({ state }) => (open ?? null) === null || (state === 'OPEN') === open);
      return newestFirst(wanted, page, downtimeId);
    },
  },
  Downtime: {
    __resolveReference: ({ id }: Reference, { loaders }: MesContext) => loaders.downtimes.load(id),
    id: downtimeId,
    asset: (downtime: DowntimeRow) => ({ id: assetId(downtime) }),
    workCenters: ({ plantCode, workCenterCodes }: DowntimeRow) =>
      workCenterCodes.map((workCenterCode) => ({ id: workCenterId({ plantCode, workCenterCode }) })),
    state: ({ state, startedAt, endedAt, stateBy, reasonCode }: DowntimeRow) => ({
      code: state,
      since: endedAt ?? startedAt,
      by: stateBy,
      reason: reasonCode,
    }),
    affectedOrders: async ({ plantCode, workCenterCodes }: DowntimeRow, _args, { loaders }) => {
      const ids = workCenterCodes.map((workCenterCode) => workCenterId({ plantCode, workCenterCode }));
      const operations = await Promise.all(ids.map((id) => loaders.openOperationsOfWorkCenter.load(id)));
      return [...new Set(operations.flat().map(orderId))].map((id) => ({ id }));
    },
    availableTransitions: availableTransitions(downtimeTransitionNames),
  },

  OperationTransitionResult: {
    operation: ({ subjectId }: TransitionAnswer, _args, { loaders }) => subjectId && loaders.operations.load(subjectId),
  },
  DowntimeTransitionResult: {
    downtime: ({ subjectId }: TransitionAnswer, _args, { loaders }) => subjectId && loaders.downtimes.load(subjectId),
  },
};

import { mayEnterPlant } from '../../auth/principal.ts';
import type { AssetRow, AssignmentRow, WorkOrderRow } from '../../connectors/cmms/port.ts';
import type { EntityId } from '../../journal/entity-ref.ts';
import { isoTime } from '../../runtime/clock.ts';
import type { ConnectionArguments } from '../reading/connection.ts';
import { newestFirst } from '../reading/newest-first.ts';
import { plantOnly } from '../reading/plant-only.ts';
import type { GraphQLResolverMap } from '../schema/resolver-map.ts';
import type { TransitionAnswer } from '../transitions/transition.ts';
import { assetTransitionNames } from './asset-transitions.ts';
import type { CmmsContext } from './context.ts';
import { effectiveAvailability, isValidAt } from './effective-availability.ts';
import {
  assetIdOf,
  assignedAssetKey,
  assignmentId,
  downtimeIdOf,
  downtimeKey,
  lineId,
  workCenterId,
  workCenterKey,
  workOrderId,
} from './keys.ts';
import { workOrderTransitionNames } from './maintenance-transitions.ts';

interface Reference {
  readonly id: EntityId;
}

interface AsOfArguments {
  readonly asOf?: string | null;
}

/** Another system's entity. Equipment belongs to no partner, so a partner's people are told nothing about it here. */
function reference(keyOf: (id: string) => { readonly plantCode: string } | null) {
  return ({ id }: Reference, { principal }: CmmsContext): Reference | null => {
    const key = keyOf(id);
    return key && principal.partner === null && mayEnterPlant(principal, key.plantCode) ? { id } : null;
  };
}

const lineOf = ({ plantCode, lineCode }: AssetRow | WorkOrderRow) =>
  lineCode === null ? null : { id: lineId(plantCode, lineCode) };

function validAt(rows: readonly AssignmentRow[], { asOf }: AsOfArguments, { clock }: CmmsContext) {
  const instant = asOf ?? isoTime(clock.now());
  return rows.filter((row) => isValidAt(row, instant));
}

async function assetsAt(id: string, args: AsOfArguments, context: CmmsContext): Promise<readonly AssetRow[]> {
  const assignments = validAt(await context.loaders.assignmentsOfWorkCenter.load(id), args, context);
  const assets = await Promise.all(assignments.map((row) => context.loaders.assets.load(assetIdOf(row))));
  return assets.filter((asset) => asset !== null);
}

/** What is transition-bearing says so itself: the same evaluation as the mutation's, for whoever asks. */
function availableTransitions(names: readonly string[]) {
  return (row: unknown, _args: unknown, { executor, principal, signal }: CmmsContext) =>
    executor.available(names, row, principal, signal);
}

/** What the CMMS knows of the entities of other systems. */
const facets: GraphQLResolverMap<CmmsContext> = {
  WorkCenter: {
    __resolveReference: reference(workCenterKey),
    assignments: ({ id }: Reference, _args, { loaders }) => loaders.assignmentsOfWorkCenter.load(id),
    assets: ({ id }: Reference, args: AsOfArguments, context) => assetsAt(id, args, context),
    effectiveAvailability: async ({ id }: Reference, _args, context) =>
      effectiveAvailability(await assetsAt(id, {}, context)),
  },
  Downtime: {
    __resolveReference: reference(downtimeKey),
    workOrders: ({ id }: Reference, _args, { loaders }) => loaders.workOrdersOfDowntime.load(id),
  },
};

/** Every entity of the CMMS: how a reference becomes a row, and how a row becomes fields. */
const owned: GraphQLResolverMap<CmmsContext> = {
  Asset: {
    __resolveReference: ({ id }: Reference, { loaders }: CmmsContext) => loaders.assets.load(id),
    id: assetIdOf,
    parent: ({ plantCode, parentId }: AssetRow, _args, { loaders }) =>
      parentId && loaders.assets.load(assetIdOf({ plantCode, assetId: parentId })),
    children: (asset: AssetRow, _args, { loaders }) => loaders.partsOfAsset.load(assetIdOf(asset)),
    line: lineOf,
    availability: ({ availability, availabilitySince, availabilityBy, availabilityCause }: AssetRow) => ({
      code: availability,
      since: availabilitySince,
      by: availabilityBy,
      reason: availabilityCause,
    }),
    workCenters: async (asset: AssetRow, args: AsOfArguments, context) => {
      const assignments = await context.loaders.assignmentsOfAsset.load(assetIdOf(asset));
      return validAt(assignments, args, context).map((row) => ({ id: workCenterId(row) }));
    },
    assignments: (asset: AssetRow, _args, { loaders }) => loaders.assignmentsOfAsset.load(assetIdOf(asset)),
    workOrders: async (asset: AssetRow, args: ConnectionArguments, { loaders }) =>
      newestFirst(await loaders.workOrdersOfAsset.load(assetIdOf(asset)), args, workOrderId),
    availableTransitions: availableTransitions(assetTransitionNames),
  },
  AssetAssignment: {
    __resolveReference: async ({ id }: Reference, { loaders }: CmmsContext) => {
      const key = assignedAssetKey(id);
      const rows = key ? await loaders.assignmentsOfAsset.load(assetIdOf(key)) : [];
      return rows.find((row) => assignmentId(row) === id) ?? null;
    },
    id: assignmentId,
    asset: (row: AssignmentRow, _args, { loaders }) => loaders.assets.load(assetIdOf(row)),
    workCenter: (row: AssignmentRow) => ({ id: workCenterId(row) }),
  },
  MaintenanceWorkOrder: {
    __resolveReference: ({ id }: Reference, { loaders }: CmmsContext) => loaders.workOrders.load(id),
    id: workOrderId,
    asset: (row: WorkOrderRow, _args, { loaders }) => loaders.assets.load(assetIdOf(row)),
    state: ({ state, stateSince, stateBy, stateReason }: WorkOrderRow) => ({
      code: state,
      since: stateSince,
      by: stateBy,
      reason: stateReason,
    }),
    requestedBy: plantOnly('requestedBy'),
    downtimeId: ({ plantCode, downtimeId }: WorkOrderRow) => downtimeId && downtimeIdOf({ plantCode, downtimeId }),
    downtime: ({ plantCode, downtimeId }: WorkOrderRow) =>
      downtimeId && { id: downtimeIdOf({ plantCode, downtimeId }) },
    line: lineOf,
    availableTransitions: availableTransitions(workOrderTransitionNames),
  },
};

/** What the answers to transitions show: the row as it is after them. */
const results: GraphQLResolverMap<CmmsContext> = {
  AssetTransitionResult: {
    asset: ({ subjectId }: TransitionAnswer, _args, { loaders }) => subjectId && loaders.assets.load(subjectId),
  },
  MaintenanceWorkOrderTransitionResult: {
    maintenanceWorkOrder: ({ subjectId }: TransitionAnswer, _args, { loaders }) =>
      subjectId && loaders.workOrders.load(subjectId),
  },
};

export const entities: GraphQLResolverMap<CmmsContext> = { ...facets, ...owned, ...results };

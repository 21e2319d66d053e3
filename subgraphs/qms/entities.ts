import { mayEnterPlant } from '../../auth/principal.ts';
import type {
  DispositionRow,
  HoldRow,
  InspectionLotRow,
  InspectionResultRow,
  NonconformanceRow,
  Target,
} from '../../connectors/qms/port.ts';
import { type EntityId, type EntityType, entityId, parseEntityId, refOf } from '../../journal/entity-ref.ts';
import { knownRestrictions } from '../../journal/restriction.ts';
import type { ConnectionArguments } from '../reading/connection.ts';
import { newestFirst } from '../reading/newest-first.ts';
import { plantOnly } from '../reading/plant-only.ts';
import type { ScopedRow } from '../reading/visibility.ts';
import type { GraphQLResolverMap } from '../schema/resolver-map.ts';
import type { TransitionAnswer } from '../transitions/transition.ts';
import { findAnnouncedHold } from './announced-hold.ts';
import type { QmsContext } from './context.ts';
import {
  dispositionIdOf,
  holdIdOf,
  inspectionLotIdOf,
  inspectionResultIdOf,
  lotIdOf,
  lotsOf,
  materialIdOf,
  nonconformanceIdOf,
  orderIdOf,
  planIdOf,
  targetIdOf,
} from './keys.ts';

interface Reference {
  readonly id: EntityId;
}

interface ActiveArguments {
  readonly active?: boolean | null;
}

type HoldsArguments = ActiveArguments & ConnectionArguments;

/** Another system's entity: the plant's own people may ask about any, a partner's only about what is known to be theirs. */
function reference(type: EntityType, ownRow: (id: string, context: QmsContext) => Promise<ScopedRow | null>) {
  return async ({ id }: Reference, context: QmsContext): Promise<Reference | null> => {
    const ref = refOf(id, type);
    if (!ref || !mayEnterPlant(context.principal, ref.plantCode)) return null;
    if (context.principal.partner === null) return { id };
    return (await ownRow(id, context)) ? { id } : null;
  };
}

/**
 * What another system owns, as a row of the QMS names it. A partner's people are told of it only when the QMS has a row that
 * says whose it is: materials, lines and equipment belong to no partner, and a hold may stand on other people's things.
 */
async function refer(id: EntityId | null, context: QmsContext): Promise<Reference | null> {
  if (id === null) return null;
  return context.principal.partner === null || (await isTheirs(id, context)) ? { id } : null;
}

async function isTheirs(id: EntityId, { loaders }: QmsContext): Promise<boolean> {
  const ref = parseEntityId(id);
  if (ref?.type === 'lot') return (await loaders.lotQualities.load(id)) !== null;
  if (ref?.type !== 'production-order' && ref?.type !== 'operation') return false;
  return (await loaders.orderQualities.load(orderIdOf(ref.plantCode, ref.key[0] ?? ''))) !== null;
}

async function referAll(ids: readonly EntityId[], context: QmsContext): Promise<readonly Reference[]> {
  return (await Promise.all(ids.map((id) => refer(id, context)))).filter((reference) => reference !== null);
}

/** A field that names what another system owns. */
const referTo =
  <Row>(idOf: (row: Row) => EntityId | null) =>
  (row: Row, _args: unknown, context: QmsContext) =>
    refer(idOf(row), context);

const lineOf = referTo(({ plantCode, lineCode }: { readonly plantCode: string; readonly lineCode: string | null }) =>
  lineCode === null ? null : entityId(plantCode, 'line', lineCode),
);

const orderOf = referTo(({ plantCode, orderNo }: { readonly plantCode: string; readonly orderNo: string | null }) =>
  orderNo === null ? null : orderIdOf(plantCode, orderNo),
);

const materialOf = referTo(
  ({ plantCode, materialCode }: { readonly plantCode: string; readonly materialCode: string | null }) =>
    materialCode === null ? null : materialIdOf(plantCode, materialCode),
);

/** The scope, when it is of this type. */
const scopeOf = (type: EntityType) =>
  referTo(({ plantCode, scope }: HoldRow) => (scope.type === type ? targetIdOf(plantCode, scope) : null));

const withActive = (holds: readonly HoldRow[], { active }: ActiveArguments) =>
  holds.filter(({ state }) => (active ?? null) === null || (state !== 'RELEASED') === active);

function stateOf(row: {
  readonly state: string;
  readonly stateSince: string;
  readonly stateBy: string | null;
  readonly stateReason?: string | null;
}) {
  return { code: row.state, since: row.stateSince, by: row.stateBy, reason: row.stateReason ?? null };
}

/** A hold that the QMS does not have yet, or cannot be asked about, is what the journal has announced. */
export async function loadHold(id: EntityId, context: QmsContext): Promise<HoldRow | null> {
  try {
    const row = await context.loaders.holds.load(id);
    if (row) return row;
  } catch (error) {
    const announced = await findAnnouncedHold(id, context);
    if (announced) return announced;
    throw error;
  }
  return findAnnouncedHold(id, context);
}

/** The same evaluation as the mutation's, for whoever asks; `entity` is what the transitions themselves load. */
function available(names: readonly string[], entity: unknown, { executor, principal, signal }: QmsContext) {
  return executor.available(names, entity, principal, signal);
}

async function availableToHold(hold: HoldRow, context: QmsContext) {
  const dispositions = await context.loaders.dispositionsOfHold.load(holdIdOf(hold));
  const { plantCode, lineCode, partner } = hold;
  const [own, cases] = await Promise.all([
    available(['acknowledgeHold', 'releaseHold', 'proposeDisposition'], { hold, dispositions }, context),
    available(['raiseNonconformance'], { plantCode, hold, lot: null, lineCode, partner }, context),
  ]);
  return [...own, ...cases];
}

/** Other active holds on the lots of a disposition. */
async function otherHolds(disposition: DispositionRow, { loaders }: QmsContext): Promise<readonly HoldRow[]> {
  const { plantCode, lots, holdNo } = disposition;
  const found = await Promise.all(lots.map((lot) => loaders.holdsOn.load(lotIdOf(plantCode, lot))));
  const others = new Map(found.flat().map((hold) => [hold.holdNo, hold]));
  others.delete(holdNo);
  return withActive([...others.values()], { active: true });
}

/** The latest decision about a lot: of the holds that stand, or stood, on it. */
async function dispositionOfLot({ id }: Reference, { loaders }: QmsContext): Promise<DispositionRow | null> {
  const holds = await loaders.holdsOn.load(id);
  const found = await Promise.all(holds.map((hold) => loaders.dispositionsOfHold.load(holdIdOf(hold))));
  return found
    .flat()
    .reduce<DispositionRow | null>(
      (latest, one) => (latest === null || one.proposedAt >= latest.proposedAt ? one : latest),
      null,
    );
}

async function resultById(id: EntityId, { loaders }: QmsContext): Promise<InspectionResultRow | null> {
  const ref = refOf(id, 'inspection-result');
  if (!ref) return null;
  const { plantCode, key } = ref;
  const lot = await loaders.inspectionLots.load(inspectionLotIdOf({ plantCode, inspectionLotNo: key[0] }));
  const results = lot ? await loaders.resultsOfInspectionLot.load(inspectionLotIdOf(lot)) : [];
  return results.find((row) => inspectionResultIdOf(row) === id) ?? null;
}

/** What the QMS knows of the entities of other systems. */
const facets: GraphQLResolverMap<QmsContext> = {
  Material: {
    // Materials belong to no partner.
    __resolveReference: reference('material', async () => null),
    inspectionPlans: ({ id }: Reference, _args, { loaders }) => loaders.plansOfMaterial.load(id),
  },
  ProductionOrder: {
    __resolveReference: reference('production-order', (id, { loaders }) => loaders.orderQualities.load(id)),
    inspectionLots: async ({ id }: Reference, args: ConnectionArguments, { loaders }) =>
      newestFirst(await loaders.inspectionLotsOfOrder.load(id), args, inspectionLotIdOf),
    qualityStatus: async ({ id }: Reference, _args, { loaders }) =>
      (await loaders.orderQualities.load(id))?.qualityStatus ?? null,
    holds: async ({ id }: Reference, args: HoldsArguments, { loaders }) =>
      newestFirst(withActive(await loaders.holdsOn.load(id), args), args, holdIdOf),
  },
  Lot: {
    __resolveReference: reference('lot', (id, { loaders }) => loaders.lotQualities.load(id)),
    qualityState: async ({ id }: Reference, _args, { loaders }) =>
      (await loaders.lotQualities.load(id))?.qualityState ?? null,
    holds: async ({ id }: Reference, args: HoldsArguments, { loaders }) =>
      newestFirst(withActive(await loaders.holdsOn.load(id), args), args, holdIdOf),
    inspectionLots: async ({ id }: Reference, args: ConnectionArguments, { loaders }) =>
      newestFirst(await loaders.inspectionLotsOfLot.load(id), args, inspectionLotIdOf),
    disposition: (lot: Reference, _args, context) => dispositionOfLot(lot, context),
  },
};

/** Every entity of the QMS: how a reference becomes a row, and how a row becomes fields. */
const owned: GraphQLResolverMap<QmsContext> = {
  InspectionPlan: {
    __resolveReference: ({ id }: Reference, { loaders }: QmsContext) => loaders.plans.load(id),
    id: planIdOf,
    material: materialOf,
  },
  InspectionLot: {
    __resolveReference: ({ id }: Reference, { loaders }: QmsContext) => loaders.inspectionLots.load(id),
    id: inspectionLotIdOf,
    plan: (row: InspectionLotRow, _args, { loaders }) => loaders.plans.load(planIdOf(row)),
    state: stateOf,
    material: materialOf,
    lot: referTo(({ plantCode, materialCode, lotNumber }: InspectionLotRow) =>
      lotNumber === null ? null : lotIdOf(plantCode, { materialCode, lotNumber }),
    ),
    order: orderOf,
    operation: referTo(({ plantCode, orderNo, operationNo }: InspectionLotRow) =>
      orderNo === null ? null : entityId(plantCode, 'operation', orderNo, operationNo),
    ),
    line: lineOf,
    results: async (row: InspectionLotRow, args: ConnectionArguments, { loaders }) =>
      newestFirst(await loaders.resultsOfInspectionLot.load(inspectionLotIdOf(row)), args, inspectionResultIdOf),
    availableTransitions: async (inspectionLot: InspectionLotRow, _args, context) => {
      const plan = await context.loaders.plans.load(planIdOf(inspectionLot));
      return available(['recordInspectionResult', 'decideInspectionLot'], { inspectionLot, plan }, context);
    },
  },
  InspectionResult: {
    __resolveReference: ({ id }: Reference, context: QmsContext) => resultById(id, context),
    id: inspectionResultIdOf,
    recordedBy: plantOnly('recordedBy'),
  },
  QualityHold: {
    __resolveReference: ({ id }: Reference, context: QmsContext) => loadHold(id, context),
    id: holdIdOf,
    scope: ({ plantCode, scope }: HoldRow) => targetIdOf(plantCode, scope),
    affected: async ({ plantCode, affected }: HoldRow, _args, context) => {
      const ids = affected.map((one: Target) => targetIdOf(plantCode, one));
      return (await referAll(ids, context)).map(({ id }) => id);
    },
    state: stateOf,
    restrictions: ({ restrictions }: HoldRow) => knownRestrictions(restrictions),
    placedBy: plantOnly('placedBy'),
    lot: referTo(({ plantCode, lot }: HoldRow) => lot && lotIdOf(plantCode, lot)),
    order: orderOf,
    operation: referTo(({ plantCode, orderNo, operationNo }: HoldRow) =>
      orderNo && operationNo ? entityId(plantCode, 'operation', orderNo, operationNo) : null,
    ),
    material: materialOf,
    line: lineOf,
    workCenter: scopeOf('work-center'),
    asset: scopeOf('asset'),
    // A hold on a delivery belongs to whom the delivery belongs to.
    delivery: ({ plantCode, scope }: HoldRow) =>
      scope.type === 'delivery' ? { id: targetIdOf(plantCode, scope) } : null,
    inspectionLot: ({ plantCode, inspectionLotNo }: HoldRow, _args, { loaders }) =>
      inspectionLotNo && loaders.inspectionLots.load(inspectionLotIdOf({ plantCode, inspectionLotNo })),
    dispositions: (hold: HoldRow, _args, { loaders }) => loaders.dispositionsOfHold.load(holdIdOf(hold)),
    nonconformance: async (hold: HoldRow, _args, { loaders }) =>
      (await loaders.nonconformancesOfHold.load(holdIdOf(hold)))[0] ?? null,
    availableTransitions: (hold: HoldRow, _args, context) => availableToHold(hold, context),
  },
  HoldAcknowledgement: { message: plantOnly('message') },
  Disposition: {
    __resolveReference: ({ id }: Reference, { loaders }: QmsContext) => loaders.dispositions.load(id),
    id: dispositionIdOf,
    hold: (row: DispositionRow, _args, { loaders }) => loaders.holds.load(holdIdOf(row)),
    lots: async (row: DispositionRow, _args, context) => {
      const hold = await context.loaders.holds.load(holdIdOf(row));
      const decided = row.lots.map((lot) => lotIdOf(row.plantCode, lot));
      return referAll(decided.length > 0 || !hold ? decided : lotsOf(row.plantCode, hold), context);
    },
    state: stateOf,
    proposedBy: plantOnly('proposedBy'),
    approvedBy: plantOnly('approvedBy'),
    signatures: plantOnly('signatures'),
    otherHolds: (row: DispositionRow, _args, context) => otherHolds(row, context),
    availableTransitions: async (disposition: DispositionRow, _args, context) => {
      const hold = await context.loaders.holds.load(holdIdOf(disposition));
      const names = ['approveDisposition', 'rejectDisposition', 'settleDisposition'];
      return available(names, { disposition, hold }, context);
    },
  },
  Nonconformance: {
    __resolveReference: ({ id }: Reference, { loaders }: QmsContext) => loaders.nonconformances.load(id),
    id: nonconformanceIdOf,
    state: stateOf,
    hold: ({ plantCode, holdNo }: NonconformanceRow, _args, { loaders }) =>
      holdNo && loaders.holds.load(holdIdOf({ plantCode, holdNo })),
    raisedBy: plantOnly('raisedBy'),
    lot: referTo(({ plantCode, lot }: NonconformanceRow) => lot && lotIdOf(plantCode, lot)),
    disposition: ({ plantCode, dispositionNo }: NonconformanceRow, _args, { loaders }) =>
      dispositionNo && loaders.dispositions.load(dispositionIdOf({ plantCode, dispositionNo })),
    availableTransitions: async (nonconformance: NonconformanceRow, _args, context) => {
      const { plantCode, holdNo } = nonconformance;
      const hold = holdNo === null ? null : await context.loaders.holds.load(holdIdOf({ plantCode, holdNo }));
      return available(['closeNonconformance'], { nonconformance, hold }, context);
    },
  },
};

/** What the answers to transitions show: the row as it is after them. */
const results: GraphQLResolverMap<QmsContext> = {
  InspectionLotTransitionResult: {
    inspectionLot: ({ subjectId }: TransitionAnswer, _args, { loaders }) =>
      subjectId && loaders.inspectionLots.load(subjectId),
  },
  QualityHoldTransitionResult: {
    qualityHold: ({ subjectId }: TransitionAnswer, _args, context) =>
      parseEntityId(subjectId ?? '')?.type === 'hold' ? loadHold(subjectId as EntityId, context) : null,
  },
  DispositionTransitionResult: {
    disposition: ({ subjectId }: TransitionAnswer, _args, { loaders }) =>
      subjectId && loaders.dispositions.load(subjectId),
  },
  NonconformanceTransitionResult: {
    nonconformance: ({ subjectId }: TransitionAnswer, _args, { loaders }) =>
      subjectId && loaders.nonconformances.load(subjectId),
  },
};

export const entities: GraphQLResolverMap<QmsContext> = { ...facets, ...owned, ...results };

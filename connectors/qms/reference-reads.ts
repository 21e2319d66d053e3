import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import { groupBy } from '../group-by.ts';
import { naturalKey } from '../natural-key.ts';
import { portRow } from '../reference-rows.ts';
import { isInScope, isKeyOf, isOneOf, isSince, isValue, readPage } from '../reference-sql.ts';
import { targetOfText, targetText } from './hold-target.ts';
import type {
  AcknowledgementRow,
  DispositionRow,
  HoldKey,
  HoldRow,
  InspectionLotKey,
  InspectionLotRow,
  InspectionPlanRow,
  InspectionResultRow,
  LotKey,
  LotQualityRow,
  NonconformanceRow,
  OrderKey,
  OrderQualityRow,
  QmsPort,
  QualityState,
} from './port.ts';
import type { QmsTables } from './reference-tables.ts';

type Reads = Omit<QmsPort, 'post' | 'postingOf'>;
type Db = Kysely<QmsTables>;

/** What the reference QMS knows. Rows carry what belongs to them: a plan its characteristics, a hold its targets. */
export function createQmsReads(db: Db): Reads {
  return { ...planReads(db), ...inspectionReads(db), ...qualityReads(db), ...holdReads(db), ...caseReads(db) };
}

function planReads(db: Db) {
  return {
    async inspectionPlansByKeys(keys) {
      const wanted = keys.map(({ plantCode, planId, planVersion }) => [plantCode, planId, planVersion]);
      return withCharacteristics(
        db,
        await db.selectFrom('inspection_plan').selectAll().where(isKeyOf(planColumns, wanted)).execute(),
      );
    },
    async inspectionPlansOfMaterials(keys) {
      const wanted = keys.map(({ plantCode, materialCode }) => [plantCode, materialCode]);
      const rows = db
        .selectFrom('inspection_plan')
        .selectAll()
        .where(isKeyOf(['plant_code', 'material_code'], wanted));
      return withCharacteristics(db, await rows.orderBy('plan_id').orderBy('plan_version').execute());
    },
  } satisfies Partial<Reads>;
}

function inspectionReads(db: Db) {
  const inspectionLots = () => db.selectFrom('inspection_lot').selectAll();
  return {
    async inspectionLotsByKeys(keys) {
      const rows = inspectionLots().where(isKeyOf(inspectionLotColumns, keys.map(inspectionLotParts)));
      return withFindings(db, await rows.execute());
    },
    async inspectionLotsOfOrders(keys) {
      const rows = inspectionLots().where(isKeyOf(['plant_code', 'order_no'], keys.map(orderParts)));
      return withFindings(db, await rows.orderBy('created_at').orderBy('inspection_lot_no').execute());
    },
    async inspectionLotsOfLots(keys) {
      const rows = inspectionLots().where(isKeyOf(lotColumns, keys.map(lotParts)));
      return withFindings(db, await rows.orderBy('created_at').orderBy('inspection_lot_no').execute());
    },
    async resultsOfInspectionLots(keys) {
      return readResults(db, keys.map(inspectionLotParts));
    },
    async inspectionLots(filter, page, scope) {
      const rows = inspectionLots()
        .where(isInScope(scope, 'plant_code', 'partner'))
        .where(isValue('plant_code', filter.plantCode))
        .where(isValue('line_code', filter.lineCode))
        .where(isValue('material_code', filter.materialCode))
        .where(isOneOf('state', filter.states))
        .where(isSince('changed_at', filter.changedSince));
      return readPage(rows, inspectionLotColumns, page, (found) => withFindings(db, found));
    },
  } satisfies Partial<Reads>;
}

function qualityReads(db: Db) {
  return {
    async lotQualitiesByKeys(keys) {
      const rows = await db
        .selectFrom('lot_quality')
        .selectAll()
        .where(isKeyOf(lotColumns, keys.map(lotParts)))
        .execute();
      const found = rows.map(toLotQuality);
      const held = await heldTargets(db, found.map(lotTarget));
      return found.map((row) => (held.has(textOf(lotTarget(row))) ? { ...row, qualityState: 'HELD' as const } : row));
    },
    async orderQualitiesByKeys(keys) {
      const rows = await db
        .selectFrom('production_order')
        .selectAll()
        .where(isKeyOf(orderColumns, keys.map(orderParts)))
        .execute();
      return withStatus(db, rows);
    },
  } satisfies Partial<Reads>;
}

function holdReads(db: Db) {
  const holds = () => db.selectFrom('quality_hold').selectAll();
  return {
    async holdsByKeys(keys) {
      return withTargets(
        db,
        await holds()
          .where(isKeyOf(holdColumns, keys.map(holdParts)))
          .execute(),
      );
    },
    async holdsOfTargets(targets) {
      const standing = db
        .selectFrom('hold_target')
        .select(['plant_code', 'hold_no'])
        .where(
          isKeyOf(
            ['plant_code', 'target'],
            targets.map((one) => [one.plantCode, targetText(one)]),
          ),
        );
      const orders = targets.flatMap(({ plantCode, type, key }) =>
        type === 'production-order' && key[0] ? [[plantCode, key[0]]] : [],
      );
      const numbers = (await standing.execute()).map((row) => [row.plant_code, row.hold_no]);
      const rows = holds().where((where) =>
        where.or([isKeyOf(holdColumns, numbers), isKeyOf(['plant_code', 'order_no'], orders)]),
      );
      return withTargets(db, await rows.orderBy('placed_at').orderBy('hold_no').execute());
    },
    async holds(filter, page, scope) {
      const rows = holds()
        .where(isInScope(scope, 'plant_code', 'partner'))
        .where(isValue('plant_code', filter.plantCode))
        .where(isValue('line_code', filter.lineCode))
        .where(isValue('material_code', filter.materialCode))
        .where(isOneOf('state', filter.states))
        .where(isActive(filter.active))
        .where(isSince('changed_at', filter.changedSince));
      return readPage(rows, holdColumns, page, (found) => withTargets(db, found));
    },
  } satisfies Partial<Reads>;
}

function caseReads(db: Db) {
  const dispositions = () => db.selectFrom('disposition').selectAll();
  const nonconformances = () => db.selectFrom('nonconformance').selectAll();
  return {
    async dispositionsByKeys(keys) {
      const wanted = keys.map(({ plantCode, dispositionNo }) => [plantCode, dispositionNo]);
      return (await dispositions().where(isKeyOf(dispositionColumns, wanted)).execute()).map(toDisposition);
    },
    async dispositionsOfHolds(keys) {
      const rows = dispositions().where(isKeyOf(holdColumns, keys.map(holdParts)));
      return (await rows.orderBy('proposed_at').orderBy('disposition_no').execute()).map(toDisposition);
    },
    async nonconformancesByKeys(keys) {
      const wanted = keys.map(({ plantCode, ncNo }) => [plantCode, ncNo]);
      return (await nonconformances().where(isKeyOf(ncColumns, wanted)).execute()).map(toNonconformance);
    },
    async nonconformancesOfHolds(keys) {
      const rows = nonconformances().where(isKeyOf(holdColumns, keys.map(holdParts)));
      return (await rows.orderBy('raised_at').orderBy('nc_no').execute()).map(toNonconformance);
    },
    async dispositions(filter, page, scope) {
      const rows = dispositions()
        .where(isInScope(scope, 'plant_code', 'partner'))
        .where(isValue('plant_code', filter.plantCode))
        .where(isValue('line_code', filter.lineCode))
        .where(isOneOf('state', filter.states))
        .where(isSince('changed_at', filter.changedSince));
      return readPage(rows, dispositionColumns, page, (found) => found.map(toDisposition));
    },
    async nonconformances(filter, page, scope) {
      const rows = nonconformances()
        .where(isInScope(scope, 'plant_code', 'partner'))
        .where(isValue('plant_code', filter.plantCode))
        .where(isValue('line_code', filter.lineCode))
        .where(isOneOf('state', filter.states))
        .where(isOneOf('severity', filter.severities))
        .where(isSince('changed_at', filter.changedSince));
      return readPage(rows, ncColumns, page, (found) => found.map(toNonconformance));
    },
  } satisfies Partial<Reads>;
}

const planColumns = ['plant_code', 'plan_id', 'plan_version'];
const lotColumns = ['plant_code', 'material_code', 'lot_number'];
const orderColumns = ['plant_code', 'order_no'];
const inspectionLotColumns = ['plant_code', 'inspection_lot_no'];
const holdColumns = ['plant_code', 'hold_no'];
const dispositionColumns = ['plant_code', 'disposition_no'];
const ncColumns = ['plant_code', 'nc_no'];

const lotParts = ({ plantCode, materialCode, lotNumber }: LotKey) => [plantCode, materialCode, lotNumber];
const orderParts = ({ plantCode, orderNo }: OrderKey) => [plantCode, orderNo];
const inspectionLotParts = ({ plantCode, inspectionLotNo }: InspectionLotKey) => [plantCode, inspectionLotNo];
const holdParts = ({ plantCode, holdNo }: HoldKey) => [plantCode, holdNo];
const textOf = (parts: readonly string[]) => naturalKey(...parts);

const lotTarget = ({ plantCode, materialCode, lotNumber }: LotKey) => [
  plantCode,
  targetText({ type: 'lot', key: [materialCode, lotNumber] }),
];
const orderTarget = ({ plantCode, orderNo }: OrderKey) => [
  plantCode,
  targetText({ type: 'production-order', key: [orderNo] }),
];

function isActive(active: boolean | null | undefined) {
  if (active === null || active === undefined) return sql<boolean>`1 = 1`;
  return active ? sql<boolean>`state <> 'RELEASED'` : sql<boolean>`state = 'RELEASED'`;
}

/** @returns those of `targets` (plant and target) on which an active hold stands */
async function heldTargets(db: Db, targets: readonly (readonly string[])[]): Promise<ReadonlySet<string>> {
  const rows = await db
    .selectFrom('hold_target as t')
    .innerJoin('quality_hold as h', (join) =>
      join.onRef('h.plant_code', '=', 't.plant_code').onRef('h.hold_no', '=', 't.hold_no'),
    )
    .where(isKeyOf(['t.plant_code', 't.target'], targets))
    .where('h.state', '<>', 'RELEASED')
    .select(['t.plant_code', 't.target'])
    .distinct()
    .execute();
  return new Set(rows.map((row) => textOf([row.plant_code, row.target])));
}

async function withCharacteristics(
  db: Db,
  rows: readonly QmsTables['inspection_plan'][],
): Promise<readonly InspectionPlanRow[]> {
  const found = await readCharacteristics(
    db,
    rows.map((row) => [row.plant_code, row.plan_id, row.plan_version]),
  );
  return rows.map((row) => ({
    ...portRow(row),
    partner: null,
    characteristics: (found.get(textOf([row.plant_code, row.plan_id, row.plan_version])) ?? []).map(portRow),
  }));
}

async function readCharacteristics(db: Db, plans: readonly (readonly string[])[]) {
  const rows = await db
    .selectFrom('characteristic')
    .selectAll()
    .where(isKeyOf(planColumns, plans))
    .orderBy('position')
    .execute();
  return groupBy(rows, (row) => textOf([row.plant_code, row.plan_id, row.plan_version]));
}

async function readResults(db: Db, keys: readonly (readonly string[])[]): Promise<readonly InspectionResultRow[]> {
  const rows = await db
    .selectFrom('inspection_result as r')
    .innerJoin('inspection_lot as l', (join) =>
      join.onRef('l.plant_code', '=', 'r.plant_code').onRef('l.inspection_lot_no', '=', 'r.inspection_lot_no'),
    )
    .selectAll('r')
    .select('l.partner')
    .where(isKeyOf(['r.plant_code', 'r.inspection_lot_no'], keys))
    .orderBy('r.position')
    .execute();
  return rows.map(portRow);
}

/** What an inspection lot's results have left open, and what they have found. */
async function withFindings(
  db: Db,
  rows: readonly QmsTables['inspection_lot'][],
): Promise<readonly InspectionLotRow[]> {
  const [characteristics, results] = await Promise.all([
    readCharacteristics(
      db,
      rows.map((row) => [row.plant_code, row.plan_id, row.plan_version]),
    ),
    readResults(
      db,
      rows.map((row) => [row.plant_code, row.inspection_lot_no]),
    ),
  ]);
  const byLot = groupBy(results, (one) => textOf(inspectionLotParts(one)));
  return rows.map((row) => {
    const wanted = characteristics.get(textOf([row.plant_code, row.plan_id, row.plan_version])) ?? [];
    const found = byLot.get(textOf([row.plant_code, row.inspection_lot_no])) ?? [];
    const latest = new Map(found.map((one) => [one.characteristic, one.verdict]));
    return {
      ...portRow(row),
      missing: wanted.map(({ code }) => code).filter((code) => !latest.has(code)),
      failed: [...latest].filter(([, verdict]) => verdict === 'FAILED').map(([code]) => code),
    };
  });
}

/** An order is held when a hold stands on it, or on its lot; else its inspections say what it is. */
async function withStatus(db: Db, rows: readonly QmsTables['production_order'][]): Promise<readonly OrderQualityRow[]> {
  const orders = rows.map((row) => portRow(row));
  const lots = orders.flatMap((order) => (order.lotNumber ? [{ ...order, lotNumber: order.lotNumber }] : []));
  const [held, qualities] = await Promise.all([
    heldTargets(db, [...orders.map(orderTarget), ...lots.map(lotTarget)]),
    db
      .selectFrom('lot_quality')
      .selectAll()
      .where(isKeyOf(lotColumns, lots.map(lotParts)))
      .execute(),
  ]);
  const states = new Map(qualities.map(toLotQuality).map((row) => [textOf(lotParts(row)), row.qualityState]));
  return orders.map((order) => ({ ...order, qualityStatus: statusOf(order, held, states) }));
}

function statusOf(
  order: Omit<OrderQualityRow, 'qualityStatus'>,
  held: ReadonlySet<string>,
  lotStates: ReadonlyMap<string, QualityState>,
): QualityState {
  if (held.has(textOf(orderTarget(order)))) return 'HELD';
  if (order.lotNumber === null) return 'NOT_REQUIRED';
  const lot = { ...order, lotNumber: order.lotNumber };
  if (held.has(textOf(lotTarget(lot)))) return 'HELD';
  return lotStates.get(textOf(lotParts(lot))) ?? 'NOT_REQUIRED';
}

async function withTargets(db: Db, rows: readonly QmsTables['quality_hold'][]): Promise<readonly HoldRow[]> {
  const keys = rows.map((row) => [row.plant_code, row.hold_no]);
  const [targets, acknowledgements] = await Promise.all([
    db.selectFrom('hold_target').selectAll().where(isKeyOf(holdColumns, keys)).orderBy('position').execute(),
    db.selectFrom('acknowledgement').selectAll().where(isKeyOf(holdColumns, keys)).orderBy('system').execute(),
  ]);
  const targetsOf = groupBy(targets, (row) => textOf([row.plant_code, row.hold_no]));
  const acknowledgementsOf = groupBy(acknowledgements, (row) => textOf([row.plant_code, row.hold_no]));
  return rows.map((row) => {
    const key = textOf([row.plant_code, row.hold_no]);
    const others = (targetsOf.get(key) ?? []).filter(({ target }) => target !== row.scope);
    return {
      ...toHold(row),
      affected: others.map(({ target }) => targetOfText(target)),
      acknowledgements: (acknowledgementsOf.get(key) ?? []).map(toAcknowledgement),
    };
  });
}

function toLotQuality({ inspection_state, ...row }: QmsTables['lot_quality']): LotQualityRow {
  return { ...portRow(row), qualityState: inspection_state };
}

function toHold(row: QmsTables['quality_hold']): Omit<HoldRow, 'affected' | 'acknowledgements'> {
  const { scope, restrictions, lot_material_code, lot_number, ...rest } = row;
  return {
    ...portRow(rest),
    scope: targetOfText(scope),
    restrictions: JSON.parse(restrictions) as string[],
    lot: lotOf(lot_material_code, lot_number),
  };
}

function toAcknowledgement(row: QmsTables['acknowledgement']): AcknowledgementRow {
  return { system: row.system, failed: row.failed === 1, message: row.message, at: row.at };
}

function toDisposition(row: QmsTables['disposition']): DispositionRow {
  return {
    ...portRow(row),
    lots: JSON.parse(row.lots) as DispositionRow['lots'],
    signatures: JSON.parse(row.signatures ?? '[]') as DispositionRow['signatures'],
  };
}

function toNonconformance({ material_code, lot_number, ...row }: QmsTables['nonconformance']): NonconformanceRow {
  return { ...portRow(row), lot: lotOf(material_code, lot_number) };
}

function lotOf(materialCode: string | null, lotNumber: string | null) {
  return materialCode !== null && lotNumber !== null ? { materialCode, lotNumber } : null;
}

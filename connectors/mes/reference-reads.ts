import type { Kysely } from 'kysely';
import { groupBy } from '../group-by.ts';
import { portRow } from '../reference-rows.ts';
import { isInScope, isKeyOf, isOneOf, isSince, isValue, readPage } from '../reference-sql.ts';
import type {
  DowntimeRow,
  LotKey,
  LotRow,
  MesPort,
  OperationKey,
  OperationRow,
  OrderKey,
  WorkCenterKey,
} from './port.ts';
import type { MesTables } from './reference-tables.ts';

type Reads = Omit<MesPort, 'post' | 'postingOf'>;
type Db = Kysely<MesTables>;

/** What the reference MES knows. An operation carries what holds it and the steps before it. */
export function createMesReads(db: Db): Reads {
  return { ...operationReads(db), ...masterDataReads(db), ...downtimeReads(db) };
}

function operationReads(db: Db) {
  return {
    async operationsByKeys(keys) {
      return complete(
        db,
        await operations(db)
          .where(isKeyOf(operationColumns, keys.map(operationParts)))
          .execute(),
      );
    },
    async operationsOfOrders(keys) {
      const rows = operations(db).where(isKeyOf(['plant_code', 'order_no'], keys.map(orderParts)));
      return complete(db, await ordered(rows).execute());
    },
    async openOperationsOfWorkCenters(keys) {
      const rows = operations(db)
        .where(isKeyOf(workCenterColumns, keys.map(workCenterParts)))
        .where('state', 'not in', ['ENDED', 'ABORTED']);
      return complete(db, await ordered(rows).execute());
    },
    async operationsOfLots(keys) {
      const wanted = keys.map(lotParts);
      const [making, uses] = await Promise.all([
        ordered(operations(db).where(isKeyOf(lotColumns, wanted))).execute(),
        db.selectFrom('consumption').selectAll().where(isKeyOf(lotColumns, wanted)).execute(),
      ]);
      const usedBy = uses.map((use) => [use.plant_code, use.order_no, use.operation_no]);
      const using = await ordered(operations(db).where(isKeyOf(operationColumns, usedBy))).execute();
      const rows = await complete(db, [...making, ...using]);
      const byKey = new Map(rows.map((row) => [textOf(operationParts(row)), row]));
      const links = new Map<string, { readonly lot: LotKey; readonly operation: OperationRow }>();
      const link = (lot: LotKey, operation: OperationRow | undefined) => {
        if (operation) links.set(textOf([...lotParts(lot), ...operationParts(operation)]), { lot, operation });
      };
      for (const row of making) link(toLotKey(row), byKey.get(textOf(rawOperationParts(row))));
      for (const use of uses) link(toLotKey(use), byKey.get(textOf(rawOperationParts(use))));
      return [...links.values()];
    },
    async consumptionsOfOperations(keys) {
      const rows = await db
        .selectFrom('consumption as c')
        .innerJoin('operation as o', (join) =>
          join
            .onRef('o.plant_code', '=', 'c.plant_code')
            .onRef('o.order_no', '=', 'c.order_no')
            .onRef('o.operation_no', '=', 'c.operation_no'),
        )
        .where(isKeyOf(['c.plant_code', 'c.order_no', 'c.operation_no'], keys.map(operationParts)))
        .selectAll('c')
        .select('o.partner')
        .orderBy('c.occurred_at')
        .orderBy('c.transition_id')
        .execute();
      return rows.map((row) => ({
        plantCode: row.plant_code,
        orderNo: row.order_no,
        operationNo: row.operation_no,
        materialCode: row.material_code,
        lotNumber: row.lot_number,
        quantity: row.quantity,
        unit: row.unit,
        occurredAt: row.occurred_at,
        partner: row.partner,
      }));
    },
    async operations(filter, page, scope) {
      const rows = operations(db)
        .where(isInScope(scope, 'plant_code', 'partner'))
        .where(isValue('plant_code', filter.plantCode))
        .where(isValue('line_code', filter.lineCode))
        .where(isValue('work_center_code', filter.workCenterCode))
        .where(isValue('material_code', filter.materialCode))
        .where(isOneOf('state', filter.states))
        .where(isSince('changed_at', filter.changedSince));
      return readPage(rows, operationColumns, page, (found) => complete(db, found));
    },
  } satisfies Partial<Reads>;
}

function masterDataReads(db: Db) {
  return {
    async workCentersByKeys(keys) {
      const rows = db.selectFrom('work_center').selectAll();
      return (await rows.where(isKeyOf(workCenterColumns, keys.map(workCenterParts))).execute()).map((row) => ({
        plantCode: row.plant_code,
        workCenterCode: row.work_center_code,
        lineCode: row.line_code,
        partner: null,
      }));
    },
    async lotsByKeys(keys): Promise<readonly LotRow[]> {
      const rows = db.selectFrom('lot').selectAll();
      return (await rows.where(isKeyOf(lotColumns, keys.map(lotParts))).execute()).map((row) => ({
        ...toLotKey(row),
        productionState: row.production_state,
        partner: row.partner,
      }));
    },
  } satisfies Partial<Reads>;
}

function downtimeReads(db: Db) {
  return {
    async downtimesByKeys(keys) {
      const wanted = keys.map(({ plantCode, downtimeId }) => [plantCode, downtimeId]);
      return withWorkCenters(db, await downtimes(db).where(isKeyOf(downtimeColumns, wanted)).execute());
    },
    async downtimesOfAssets(keys) {
      const wanted = keys.map(({ plantCode, assetId }) => [plantCode, assetId]);
      const rows = downtimes(db).where(isKeyOf(['plant_code', 'asset_id'], wanted));
      return withWorkCenters(db, await rows.orderBy('started_at').orderBy('downtime_id').execute());
    },
    async downtimes(filter, page, scope) {
      const rows = downtimes(db)
        .where(isInScope(scope, 'plant_code', null))
        .where(isValue('plant_code', filter.plantCode))
        .where(isValue('line_code', filter.lineCode))
        .where(isValue('asset_id', filter.assetId))
        .where(isOneOf('state', filter.states))
        .where(isSince('changed_at', filter.changedSince));
      return readPage(rows, downtimeColumns, page, (found) => withWorkCenters(db, found));
    },
  } satisfies Partial<Reads>;
}

const operationColumns = ['plant_code', 'order_no', 'operation_no'];
const workCenterColumns = ['plant_code', 'work_center_code'];
const lotColumns = ['plant_code', 'material_code', 'lot_number'];
const downtimeColumns = ['plant_code', 'downtime_id'];

const orderParts = ({ plantCode, orderNo }: OrderKey) => [plantCode, orderNo];
const operationParts = ({ plantCode, orderNo, operationNo }: OperationKey) => [plantCode, orderNo, operationNo];
const workCenterParts = ({ plantCode, workCenterCode }: WorkCenterKey) => [plantCode, workCenterCode];
const lotParts = ({ plantCode, materialCode, lotNumber }: LotKey) => [plantCode, materialCode, lotNumber];
const textOf = (parts: readonly string[]) => JSON.stringify(parts);

type RawKey = Pick<MesTables['operation'], 'plant_code' | 'order_no' | 'operation_no'>;
const rawOperationParts = (row: RawKey) => [row.plant_code, row.order_no, row.operation_no];

const operations = (db: Db) => db.selectFrom('operation').selectAll();
const downtimes = (db: Db) => db.selectFrom('downtime').selectAll();
const ordered = (rows: ReturnType<typeof operations>) =>
  rows.orderBy('plant_code').orderBy('order_no').orderBy('operation_no');

async function complete(db: Db, rows: readonly MesTables['operation'][]): Promise<readonly OperationRow[]> {
  const orders = rows.map((row) => [row.plant_code, row.order_no]);
  const [causes, steps] = await Promise.all([
    db
      .selectFrom('operation_cause')
      .selectAll()
      .where(isKeyOf(operationColumns, rows.map(rawOperationParts)))
      .orderBy('since')
      .orderBy('cause_ref')
      .execute(),
    db
      .selectFrom('operation')
      .select(['plant_code', 'order_no', 'operation_no', 'state'])
      .where(isKeyOf(['plant_code', 'order_no'], orders))
      .orderBy('operation_no')
      .execute(),
  ]);
  const causesOf = groupBy(causes, (cause) => textOf(rawOperationParts(cause)));
  const stepsOf = groupBy(steps, (step) => textOf([step.plant_code, step.order_no]));
  return rows.map((row) =>
    toOperation(
      row,
      (causesOf.get(textOf(rawOperationParts(row))) ?? []).map(({ cause_ref }) => cause_ref),
      (stepsOf.get(textOf([row.plant_code, row.order_no])) ?? [])
        .filter((step) => step.operation_no < row.operation_no)
        .map(({ operation_no, state }) => ({ operationNo: operation_no, state })),
    ),
  );
}

async function withWorkCenters(db: Db, rows: readonly MesTables['downtime'][]): Promise<readonly DowntimeRow[]> {
  const places = await db
    .selectFrom('downtime_work_center')
    .selectAll()
    .where(
      isKeyOf(
        downtimeColumns,
        rows.map((row) => [row.plant_code, row.downtime_id]),
      ),
    )
    .orderBy('work_center_code')
    .execute();
  const byDowntime = groupBy(places, (place) => textOf([place.plant_code, place.downtime_id]));
  return rows.map((row) => ({
    ...portRow(row),
    workCenterCodes: (byDowntime.get(textOf([row.plant_code, row.downtime_id])) ?? []).map(
      ({ work_center_code }) => work_center_code,
    ),
    planned: row.planned === 1,
    partner: null,
  }));
}

function toLotKey(row: Pick<MesTables['lot'], 'plant_code' | 'material_code' | 'lot_number'>): LotKey {
  return { plantCode: row.plant_code, materialCode: row.material_code, lotNumber: row.lot_number };
}

function toOperation(
  row: MesTables['operation'],
  causes: OperationRow['causes'],
  predecessors: OperationRow['predecessors'],
): OperationRow {
  return { ...portRow(row), causes, predecessors };
}

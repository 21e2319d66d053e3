import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import { addDecimals } from '../decimal.ts';
import { groupBy } from '../group-by.ts';
import { portRow } from '../reference-rows.ts';
import { isInScope, isKeyOf, isOneOf, isSince, isValue, readPage } from '../reference-sql.ts';
import type {
  DeliveryItemRow,
  DeliveryKey,
  DeliveryRow,
  ErpPort,
  LineKey,
  LineRow,
  LotKey,
  LotRow,
  MaterialRow,
  OperationRow,
  OrderKey,
  OrderRow,
  StockRow,
  WorkCenterRow,
} from './port.ts';
import type { ErpTables } from './reference-tables.ts';

type Reads = Omit<ErpPort, 'post' | 'postingOf'>;
type Db = Kysely<ErpTables>;

/** What the reference ERP knows. Rows carry what belongs to them: an order its operations, a delivery its items. */
export function createErpReads(db: Db): Reads {
  return { ...masterDataReads(db), ...orderReads(db), ...lotReads(db), ...deliveryReads(db) };
}

function masterDataReads(db: Db) {
  return {
    async plantsByKeys(keys) {
      const rows = await plants(db)
        .where(isKeyOf(['plant_code'], keys.map(plantParts)))
        .execute();
      return rows.map(toPlant);
    },
    async linesByKeys(keys) {
      return withRouting(
        db,
        await lines(db)
          .where(isKeyOf(lineColumns, keys.map(lineParts)))
          .execute(),
      );
    },
    async linesOfPlants(keys) {
      const rows = lines(db).where(isKeyOf(['plant_code'], keys.map(plantParts)));
      return withRouting(db, await rows.orderBy('plant_code').orderBy('line_code').execute());
    },
    async workCentersByKeys(keys) {
      const wanted = keys.map(({ plantCode, workCenterCode }) => [plantCode, workCenterCode]);
      return (await workCenters(db).where(isKeyOf(workCenterColumns, wanted)).execute()).map(toWorkCenter);
    },
    async workCentersOfLines(keys) {
      const rows = workCenters(db).where(isKeyOf(lineColumns, keys.map(lineParts)));
      return (await rows.orderBy('plant_code').orderBy('work_center_code').execute()).map(toWorkCenter);
    },
    async materialsByKeys(keys) {
      const wanted = keys.map(({ plantCode, materialCode }) => [plantCode, materialCode]);
      return (await materials(db).where(isKeyOf(materialColumns, wanted)).execute()).map(toMaterial);
    },
    async plants(filter, page, scope) {
      const rows = plants(db)
        .where(isInScope(scope, 'plant_code', null))
        .where(isValue('plant_code', filter.plantCode));
      return readPage(rows, ['plant_code'], page, (found) => found.map(toPlant));
    },
    async workCenters(filter, page, scope) {
      const rows = workCenters(db)
        .where(isInScope(scope, 'plant_code', null))
        .where(isValue('plant_code', filter.plantCode))
        .where(isValue('line_code', filter.lineCode))
        .where(isOneOf('capacity_status', filter.capacityStatuses))
        .where(isHeldBy('capacity_cause', 'work_center', ['work_center_code'], filter.heldBy));
      return readPage(rows, workCenterColumns, page, (found) => found.map(toWorkCenter));
    },
    async materials(filter, page, scope) {
      const rows = materials(db)
        .where(isInScope(scope, 'plant_code', null))
        .where(isValue('plant_code', filter.plantCode))
        .where(isValue('kind', filter.kind));
      return readPage(rows, materialColumns, page, (found) => found.map(toMaterial));
    },
  } satisfies Partial<Reads>;
}

function orderReads(db: Db) {
  return {
    async ordersByKeys(keys) {
      return withOperations(
        db,
        await orders(db)
          .where(isKeyOf(['o.plant_code', 'o.order_no'], keys.map(orderParts)))
          .execute(),
      );
    },
    async operationsByKeys(keys) {
      const wanted = keys.map(({ plantCode, orderNo, operationNo }) => [plantCode, orderNo, operationNo]);
      const rows = operations(db).where(isKeyOf(['p.plant_code', 'p.order_no', 'p.operation_no'], wanted));
      return (await rows.execute()).map(toOperation);
    },
    async orders(filter, page, scope) {
      const rows = orders(db)
        .where(isInScope(scope, 'o.plant_code', 'o.partner'))
        .where(isValue('o.plant_code', filter.plantCode))
        .where(isValue('o.line_code', filter.lineCode))
        .where(isValue('o.material_code', filter.materialCode))
        .where(isOneOf('o.state', filter.states))
        .where(isSince('o.changed_at', filter.changedSince));
      return readPage(rows, ['o.plant_code', 'o.order_no'], page, (found) => withOperations(db, found));
    },
  } satisfies Partial<Reads>;
}

function lotReads(db: Db) {
  return {
    async lotsByKeys(keys) {
      return withStock(
        db,
        await lots(db)
          .where(isKeyOf(lotColumns, keys.map(lotParts)))
          .execute(),
      );
    },
    async lots(filter, page, scope) {
      const rows = lots(db)
        .where(isInScope(scope, 'l.plant_code', 'l.partner'))
        .where(isValue('l.plant_code', filter.plantCode))
        .where(isValue('o.line_code', filter.lineCode))
        .where(isValue('l.material_code', filter.materialCode))
        .where(isValue('l.order_no', filter.orderNo))
        .where(hasStockOf(filter.stockTypes))
        .where(isHeldBy('stock_cause', 'l', ['material_code', 'lot_number'], filter.heldBy))
        .where(isSince('l.changed_at', filter.changedSince));
      return readPage(rows, lotColumns, page, (found) => withStock(db, found));
    },
  } satisfies Partial<Reads>;
}

function deliveryReads(db: Db) {
  return {
    async deliveriesByKeys(keys) {
      return withItems(
        db,
        await deliveries(db)
          .where(isKeyOf(deliveryColumns, keys.map(deliveryParts)))
          .execute(),
      );
    },
    async deliveriesOfLots(keys) {
      const columns = ['i.plant_code', 'i.material_code', 'i.lot_number'];
      const numbers = db
        .selectFrom('delivery_item as i')
        .where(isKeyOf(columns, keys.map(lotParts)))
        .select(['i.plant_code', 'i.delivery_no'])
        .distinct();
      const found = await numbers.execute();
      const wanted = found.map((row) => [row.plant_code, row.delivery_no]);
      const rows = deliveries(db).where(isKeyOf(deliveryColumns, wanted));
      return withItems(db, await rows.orderBy('plant_code').orderBy('delivery_no').execute());
    },
    async deliveries(filter, page, scope) {
      const rows = deliveries(db)
        .where(isInScope(scope, 'plant_code', 'partner'))
        .where(isValue('plant_code', filter.plantCode))
        .where(isOneOf('state', filter.states))
        .where(isBlocked(filter.blocked))
        .where(isHeldBy('delivery_block', 'delivery', ['delivery_no'], filter.heldBy))
        .where(isSince('changed_at', filter.changedSince));
      return readPage(rows, deliveryColumns, page, (found) => withItems(db, found));
    },
  } satisfies Partial<Reads>;
}

const lineColumns = ['plant_code', 'line_code'];
const workCenterColumns = ['plant_code', 'work_center_code'];
const materialColumns = ['plant_code', 'material_code'];
const lotColumns = ['l.plant_code', 'l.material_code', 'l.lot_number'];
const deliveryColumns = ['plant_code', 'delivery_no'];

const plantParts = ({ plantCode }: { readonly plantCode: string }) => [plantCode];
const lineParts = ({ plantCode, lineCode }: LineKey) => [plantCode, lineCode];
const orderParts = ({ plantCode, orderNo }: OrderKey) => [plantCode, orderNo];
const lotParts = ({ plantCode, materialCode, lotNumber }: LotKey) => [plantCode, materialCode, lotNumber];
const deliveryParts = ({ plantCode, deliveryNo }: DeliveryKey) => [plantCode, deliveryNo];
const textOf = (parts: readonly string[]) => JSON.stringify(parts);

const plants = (db: Db) => db.selectFrom('plant').selectAll();
const lines = (db: Db) => db.selectFrom('line').selectAll();
const workCenters = (db: Db) => db.selectFrom('work_center').selectAll();
const materials = (db: Db) => db.selectFrom('material').selectAll();
const deliveries = (db: Db) => db.selectFrom('delivery').selectAll();

const orders = (db: Db) =>
  db
    .selectFrom('production_order as o')
    .innerJoin('material as m', (join) =>
      join.onRef('m.plant_code', '=', 'o.plant_code').onRef('m.material_code', '=', 'o.material_code'),
    )
    .selectAll('o')
    .select('m.kind as material_kind');

const operations = (db: Db) =>
  db
    .selectFrom('operation as p')
    .innerJoin('production_order as o', (join) =>
      join.onRef('o.plant_code', '=', 'p.plant_code').onRef('o.order_no', '=', 'p.order_no'),
    )
    .innerJoin('work_center as w', (join) =>
      join.onRef('w.plant_code', '=', 'p.plant_code').onRef('w.work_center_code', '=', 'p.work_center_code'),
    )
    .selectAll('p')
    .select(['o.line_code', 'o.unit', 'o.partner', 'w.constrained']);

const lots = (db: Db) =>
  db
    .selectFrom('lot as l')
    .innerJoin('material as m', (join) =>
      join.onRef('m.plant_code', '=', 'l.plant_code').onRef('m.material_code', '=', 'l.material_code'),
    )
    .leftJoin('production_order as o', (join) =>
      join.onRef('o.plant_code', '=', 'l.plant_code').onRef('o.order_no', '=', 'l.order_no'),
    )
    .selectAll('l')
    .select(['m.unit', 'o.line_code']);

const stockOf = (db: Db, keys: readonly (readonly string[])[]) =>
  db
    .selectFrom('stock as s')
    .innerJoin('material as m', (join) =>
      join.onRef('m.plant_code', '=', 's.plant_code').onRef('m.material_code', '=', 's.material_code'),
    )
    .where(isKeyOf(['s.plant_code', 's.material_code', 's.lot_number'], keys))
    .selectAll('s')
    .select('m.unit')
    .orderBy('s.storage_location')
    .orderBy('s.stock_type');

const items = (db: Db, keys: readonly (readonly string[])[]) =>
  db
    .selectFrom('delivery_item as i')
    .innerJoin('material as m', (join) =>
      join.onRef('m.plant_code', '=', 'i.plant_code').onRef('m.material_code', '=', 'i.material_code'),
    )
    .leftJoin('lot as l', (join) =>
      join
        .onRef('l.plant_code', '=', 'i.plant_code')
        .onRef('l.material_code', '=', 'i.material_code')
        .onRef('l.lot_number', '=', 'i.lot_number'),
    )
    .where(isKeyOf(['i.plant_code', 'i.delivery_no'], keys))
    .selectAll('i')
    .select(['m.unit', 'l.order_no'])
    .orderBy('i.item_no');

function hasStockOf(types: readonly string[] | null | undefined) {
  if (!types) return sql<boolean>`1 = 1`;
  return sql<boolean>`exists (select 1 from stock as s where s.plant_code = l.plant_code
    and s.material_code = l.material_code and s.lot_number = l.lot_number and ${isOneOf('s.stock_type', types)})`;
}

/** @param of the table, or its alias, that the rows come from */
function isHeldBy(causes: string, of: string, key: readonly string[], cause: string | null | undefined) {
  if (!cause) return sql<boolean>`1 = 1`;
  const same = ['plant_code', ...key].map((column) => sql`c.${sql.ref(column)} = ${sql.ref(`${of}.${column}`)}`);
  return sql<boolean>`exists (select 1 from ${sql.table(causes)} as c
    where ${sql.join(same, sql` and `)} and c.cause_ref = ${cause})`;
}

function isBlocked(blocked: boolean | null | undefined) {
  if (blocked === null || blocked === undefined) return sql<boolean>`1 = 1`;
  const block = sql`(select 1 from delivery_block as b
    where b.plant_code = delivery.plant_code and b.delivery_no = delivery.delivery_no)`;
  return blocked ? sql<boolean>`exists ${block}` : sql<boolean>`not exists ${block}`;
}

async function withRouting(db: Db, rows: readonly ErpTables['line'][]): Promise<readonly LineRow[]> {
  const steps = await db
    .selectFrom('routing_step')
    .selectAll()
    .where(
      isKeyOf(
        lineColumns,
        rows.map((row) => [row.plant_code, row.line_code]),
      ),
    )
    .orderBy('operation_no')
    .execute();
  const byLine = groupBy(steps, (step) => textOf([step.plant_code, step.line_code]));
  return rows.map((row) => ({
    plantCode: row.plant_code,
    lineCode: row.line_code,
    name: row.name,
    partner: null,
    routing: (byLine.get(textOf([row.plant_code, row.line_code])) ?? []).map((step) => ({
      operationNo: step.operation_no,
      name: step.name,
      workCenterCode: step.work_center_code,
    })),
  }));
}

type RawOrder = ErpTables['production_order'] & { readonly material_kind: 'RAW' | 'FINISHED' };

async function withOperations(db: Db, rows: readonly RawOrder[]): Promise<readonly OrderRow[]> {
  const keys = rows.map((row) => [row.plant_code, row.order_no]);
  const found = await operations(db)
    .where(isKeyOf(['p.plant_code', 'p.order_no'], keys))
    .orderBy('p.operation_no')
    .execute();
  const byOrder = groupBy(found.map(toOperation), (row) => textOf(orderParts(row)));
  return rows.map((row) => toOrder(row, byOrder.get(textOf([row.plant_code, row.order_no])) ?? []));
}

type RawLot = ErpTables['lot'] & { readonly unit: string; readonly line_code: string | null };

async function withStock(db: Db, rows: readonly RawLot[]): Promise<readonly LotRow[]> {
  const keys = rows.map((row) => [row.plant_code, row.material_code, row.lot_number]);
  const found = (await stockOf(db, keys).execute()).map(toStock);
  const byLot = groupBy(found, (row) => textOf(lotParts(row)));
  return rows.map((row) => toLot(row, byLot.get(textOf([row.plant_code, row.material_code, row.lot_number])) ?? []));
}

async function withItems(db: Db, rows: readonly ErpTables['delivery'][]): Promise<readonly DeliveryRow[]> {
  const keys = rows.map((row) => [row.plant_code, row.delivery_no]);
  const [rawItems, blocks] = await Promise.all([
    items(db, keys).execute(),
    db
      .selectFrom('delivery_block')
      .selectAll()
      .where(isKeyOf(deliveryColumns, keys))
      .orderBy('since')
      .orderBy('cause_ref')
      .execute(),
  ]);
  const lotKeys = rawItems.map((item) => [item.plant_code, item.material_code, item.lot_number]);
  const stock = groupBy((await stockOf(db, lotKeys).execute()).map(toStock), (row) => textOf(lotParts(row)));
  const itemsOf = groupBy(rawItems, (item) => textOf([item.plant_code, item.delivery_no]));
  const blocksOf = groupBy(blocks, (block) => textOf([block.plant_code, block.delivery_no]));
  return rows.map((row) => {
    const key = textOf([row.plant_code, row.delivery_no]);
    return {
      ...toDelivery(row),
      blocks: (blocksOf.get(key) ?? []).map(({ cause_ref, since }) => ({ cause: cause_ref, since })),
      items: (itemsOf.get(key) ?? []).map((item) =>
        toItem(item, stock.get(textOf([item.plant_code, item.material_code, item.lot_number])) ?? []),
      ),
    };
  });
}

function toPlant(row: ErpTables['plant']) {
  return { plantCode: row.plant_code, name: row.name, partner: null };
}

function toWorkCenter(row: ErpTables['work_center']): WorkCenterRow {
  return { ...portRow(row), constrained: row.constrained === 1, partner: null };
}

function toMaterial(row: ErpTables['material']): MaterialRow {
  return { ...portRow(row), partner: null };
}

type RawOperation = ErpTables['operation'] &
  Pick<ErpTables['production_order'], 'line_code' | 'unit' | 'partner'> &
  Pick<ErpTables['work_center'], 'constrained'>;

function toOperation(row: RawOperation): OperationRow {
  return { ...portRow(row), constrained: row.constrained === 1 };
}

function toOrder({ held_from: _remembered, ...row }: RawOrder, operations: readonly OperationRow[]): OrderRow {
  return { ...portRow(row), operations };
}

function toStock(row: ErpTables['stock'] & { readonly unit: string }): StockRow {
  return portRow(row);
}

function toLot(row: RawLot, stock: readonly StockRow[]): LotRow {
  return { ...portRow(row), stock };
}

function toDelivery(row: ErpTables['delivery']): Omit<DeliveryRow, 'blocks' | 'items'> {
  return portRow(row);
}

type RawItem = ErpTables['delivery_item'] & { readonly unit: string; readonly order_no: string | null };

function toItem(item: RawItem, stock: readonly StockRow[]): DeliveryItemRow {
  const byType = groupBy(stock, ({ stockType }) => stockType);
  return {
    plantCode: item.plant_code,
    itemNo: item.item_no,
    materialCode: item.material_code,
    lotNumber: item.lot_number,
    quantity: item.quantity,
    unit: item.unit,
    orderNo: item.order_no,
    stock: [...byType].map(([stockType, positions]) => ({
      stockType,
      quantity: addDecimals(...positions.map(({ quantity }) => quantity)),
    })),
  };
}

import type { Transaction } from 'kysely';
import { addDecimals, compareDecimals, subtractDecimals } from '../decimal.ts';
import type { Done } from '../reference-posting.ts';
import { refuse } from '../reference-refusal.ts';
import { requireCurrent } from '../reference-requirements.ts';
import type { ErpResults, LotKey, MoveStock, StockType } from './port.ts';
import type { ErpTables } from './reference-tables.ts';

type Tx = Transaction<ErpTables>;
type Position = ErpTables['stock'];

/** Moves a quantity to another storage location; each stock type stays what it is. */
export async function moveStock(tx: Tx, command: MoveStock, recordedAt: string): Promise<Done> {
  const { fromLocation, toLocation, quantity, lotNumber } = command;
  const lot = requireCurrent(command, `Lot ${lotNumber}`, await findLot(tx, command));
  if (compareDecimals(quantity, '0') <= 0) throw refuse('QUANTITY_TOLERANCE', 'The quantity must be above zero.');
  if (fromLocation === toLocation) throw refuse('SAME_LOCATION', `The stock is in ${toLocation} already.`);
  const there = (await positionsOf(tx, command)).filter((position) => position.storage_location === fromLocation);
  if (compareDecimals(totalOf(there), quantity) < 0) {
    throw refuse(
      'STOCK_INSUFFICIENT',
      `${fromLocation} has ${totalOf(there)} ${lot.unit} of lot ${lotNumber}, not ${quantity}.`,
      'Move at most what is there.',
    );
  }
  for (const { position, taken } of takeFrom(there, quantity)) {
    await changePosition(tx, position, subtractDecimals(position.quantity, taken));
    await addStock(tx, { ...position, storage_location: toLocation }, taken);
  }
  const result: ErpResults['moveStock'] = { unit: lot.unit };
  return { version: await changeLot(tx, lot, recordedAt), result };
}

/** Takes what leaves the plant out of the unrestricted stock. The caller has checked that there is enough. */
export async function issueStock(tx: Tx, lot: LotKey, quantity: string, recordedAt: string): Promise<void> {
  const positions = (await positionsOf(tx, lot)).filter((position) => position.stock_type === 'UNRESTRICTED');
  for (const { position, taken } of takeFrom(positions, quantity)) {
    await changePosition(tx, position, subtractDecimals(position.quantity, taken));
  }
  const row = await findLot(tx, lot);
  if (row) await changeLot(tx, row, recordedAt);
}

export async function stockByType(tx: Tx, lot: LotKey): Promise<ReadonlyMap<StockType, string>> {
  const byType = new Map<StockType, string>();
  for (const { stock_type, quantity } of await positionsOf(tx, lot)) {
    byType.set(stock_type, addDecimals(byType.get(stock_type) ?? '0', quantity));
  }
  return byType;
}

type LotWithUnit = ErpTables['lot'] & { readonly unit: string };

export function findLot(tx: Tx, { plantCode, materialCode, lotNumber }: LotKey): Promise<LotWithUnit | undefined> {
  return tx
    .selectFrom('lot as l')
    .innerJoin('material as m', (join) =>
      join.onRef('m.plant_code', '=', 'l.plant_code').onRef('m.material_code', '=', 'l.material_code'),
    )
    .selectAll('l')
    .select('m.unit')
    .where('l.plant_code', '=', plantCode)
    .where('l.material_code', '=', materialCode)
    .where('l.lot_number', '=', lotNumber)
    .executeTakeFirst();
}

export function positionsOf(tx: Tx, { plantCode, materialCode, lotNumber }: LotKey): Promise<Position[]> {
  return tx
    .selectFrom('stock')
    .selectAll()
    .where('plant_code', '=', plantCode)
    .where('material_code', '=', materialCode)
    .where('lot_number', '=', lotNumber)
    .orderBy('storage_location')
    .orderBy('stock_type')
    .execute();
}

const totalOf = (positions: readonly Position[]) => addDecimals('0', ...positions.map(({ quantity }) => quantity));

/** Shares `quantity` out over the positions in their order. */
function takeFrom(positions: readonly Position[], quantity: string) {
  const parts: { readonly position: Position; readonly taken: string }[] = [];
  let left = quantity;
  for (const position of positions) {
    if (compareDecimals(left, '0') <= 0) break;
    const taken = compareDecimals(position.quantity, left) < 0 ? position.quantity : left;
    parts.push({ position, taken });
    left = subtractDecimals(left, taken);
  }
  return parts;
}

/** Sets what a position has; one that has nothing is no position any more. */
async function changePosition(tx: Tx, position: Position, quantity: string): Promise<void> {
  const isEmpty = compareDecimals(quantity, '0') === 0;
  const { plant_code, material_code, lot_number, storage_location, stock_type } = position;
  const isIt = { plant_code, material_code, lot_number, storage_location, stock_type };
  if (isEmpty)
    await tx
      .deleteFrom('stock')
      .where((eb) => eb.and(isIt))
      .execute();
  else
    await tx
      .updateTable('stock')
      .set({ quantity })
      .where((eb) => eb.and(isIt))
      .execute();
}

/** Gives what there is in a place another stock type. */
export async function retypePosition(tx: Tx, position: Position, stock_type: StockType): Promise<void> {
  await changePosition(tx, position, '0');
  await addStock(tx, { ...position, stock_type }, position.quantity);
}

async function addStock(tx: Tx, position: Position, quantity: string): Promise<void> {
  const { plant_code, material_code, lot_number, storage_location, stock_type } = position;
  const isIt = { plant_code, material_code, lot_number, storage_location, stock_type };
  const there = await tx
    .selectFrom('stock')
    .selectAll()
    .where((eb) => eb.and(isIt))
    .executeTakeFirst();
  if (there) await changePosition(tx, there, addDecimals(there.quantity, quantity));
  else
    await tx
      .insertInto('stock')
      .values({ ...isIt, quantity })
      .execute();
}

export async function changeLot(tx: Tx, lot: ErpTables['lot'], recordedAt: string): Promise<string> {
  const version = lot.version + 1;
  await tx
    .updateTable('lot')
    .set({ version, changed_at: recordedAt })
    .where('plant_code', '=', lot.plant_code)
    .where('material_code', '=', lot.material_code)
    .where('lot_number', '=', lot.lot_number)
    .execute();
  return String(version);
}

import type { Transaction } from 'kysely';
import type { Done } from '../reference-posting.ts';
import { requireCurrent } from '../reference-requirements.ts';
import type { ChangeStockStatus, ErpResults } from './port.ts';
import { changeLot, findLot, positionsOf, retypePosition } from './reference-stock.ts';
import type { ErpTables } from './reference-tables.ts';

type Tx = Transaction<ErpTables>;
type Position = ErpTables['stock'];
type Cause = ErpTables['stock_cause'];

/**
 * The stock of a lot is restricted for causes, and is free when the last of them has ended. A lot without stock keeps its
 * causes too: what still comes of it is known to be held.
 */
export async function changeStockStatus(tx: Tx, command: ChangeStockStatus, recordedAt: string): Promise<Done> {
  const { lotNumber, toStockType } = command;
  const lot = requireCurrent(command, `Lot ${lotNumber}`, await findLot(tx, command));
  const positions = await positionsOf(tx, command);
  const others =
    toStockType === 'UNRESTRICTED'
      ? await endCause(tx, command, positions)
      : await addCause(tx, command, positions, recordedAt);
  const from = [...new Set(positions.map((position) => position.stock_type))].join(',');
  for (const position of others) await retypePosition(tx, position, toStockType);
  const changed = others.length > 0;
  const version = changed ? await changeLot(tx, lot, recordedAt) : String(lot.version);
  const result: ErpResults['changeStockStatus'] = { from, to: toStockType, changed };
  return { version, result };
}

/** @returns the stock that becomes restricted */
async function addCause(
  tx: Tx,
  command: ChangeStockStatus,
  positions: readonly Position[],
  since: string,
): Promise<readonly Position[]> {
  const { toStockType, fromStockType, causeRef } = command;
  const others = positions.filter(
    ({ stock_type }) => stock_type !== toStockType && (fromStockType === null || stock_type === fromStockType),
  );
  const known = await causesOf(tx, command);
  if (!causeRef || known.some(({ cause_ref }) => cause_ref === causeRef)) return others;
  // Stock that was restricted before, for no cause that is known here, is not free when the causes have ended.
  const wasFree =
    known.length > 0
      ? known.some(({ was_free }) => was_free === 1)
      : others.length > 0 &&
        others.every(({ stock_type }) => stock_type === 'UNRESTRICTED') &&
        !positions.some(({ stock_type }) => stock_type === toStockType);
  await tx
    .insertInto('stock_cause')
    .values({ ...lotOf(command), cause_ref: causeRef, was_free: wasFree ? 1 : 0, since })
    .execute();
  return others;
}

/** @returns the stock that becomes free */
async function endCause(
  tx: Tx,
  command: ChangeStockStatus,
  positions: readonly Position[],
): Promise<readonly Position[]> {
  const { fromStockType, causeRef } = command;
  const known = await causesOf(tx, command);
  const ended = known.find(({ cause_ref }) => cause_ref === causeRef);
  await tx
    .deleteFrom('stock_cause')
    .where((eb) => eb.and({ ...lotOf(command), cause_ref: causeRef ?? '' }))
    .execute();
  // What waits for quality is free for quality's word; what was blocked is free when it was so before.
  const isFree = fromStockType === null || fromStockType === 'QUALITY_INSPECTION' || ended?.was_free === 1;
  if (known.length > (ended ? 1 : 0)) {
    // Decided to be free, and not yet: the last cause that ends lets it go.
    if (isFree) {
      await tx
        .updateTable('stock_cause')
        .set({ was_free: 1 })
        .where((eb) => eb.and(lotOf(command)))
        .execute();
    }
    return [];
  }
  if (!isFree) return [];
  const everyType = fromStockType === null || (fromStockType === 'QUALITY_INSPECTION' && ended?.was_free === 1);
  return positions.filter(
    ({ stock_type }) => stock_type !== 'UNRESTRICTED' && (everyType || stock_type === fromStockType),
  );
}

function causesOf(tx: Tx, command: ChangeStockStatus): Promise<Cause[]> {
  return tx
    .selectFrom('stock_cause')
    .selectAll()
    .where((eb) => eb.and(lotOf(command)))
    .execute();
}

function lotOf({ plantCode, materialCode, lotNumber }: ChangeStockStatus) {
  return { plant_code: plantCode, material_code: materialCode, lot_number: lotNumber };
}

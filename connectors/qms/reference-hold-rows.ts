import type { Transaction } from 'kysely';
import { targetOfText } from './hold-target.ts';
import type { QmsTables } from './reference-tables.ts';

/* A hold, what it stands on and what was proposed about it, as they are kept. */

type Tx = Transaction<QmsTables>;

export async function findHold(tx: Tx, plantCode: string, holdNo: string) {
  return tx
    .selectFrom('quality_hold')
    .selectAll()
    .where('plant_code', '=', plantCode)
    .where('hold_no', '=', holdNo)
    .executeTakeFirst();
}

export async function updateHold(
  tx: Tx,
  hold: Pick<QmsTables['quality_hold'], 'plant_code' | 'hold_no' | 'version'>,
  change: Partial<QmsTables['quality_hold']>,
): Promise<void> {
  await tx
    .updateTable('quality_hold')
    .set({ ...change, version: hold.version + 1 })
    .where('plant_code', '=', hold.plant_code)
    .where('hold_no', '=', hold.hold_no)
    .execute();
}

export async function targetsOfHold(
  tx: Tx,
  { plant_code, hold_no }: Pick<QmsTables['quality_hold'], 'plant_code' | 'hold_no'>,
) {
  const rows = await tx
    .selectFrom('hold_target')
    .select('target')
    .where('plant_code', '=', plant_code)
    .where('hold_no', '=', hold_no)
    .orderBy('position')
    .execute();
  return rows.map(({ target }) => target);
}

export async function lotsHeldBy(tx: Tx, hold: Pick<QmsTables['quality_hold'], 'plant_code' | 'hold_no'>) {
  return (await targetsOfHold(tx, hold))
    .map(targetOfText)
    .flatMap(({ type, key: [materialCode, lotNumber] }) =>
      type === 'lot' && materialCode && lotNumber ? [{ materialCode, lotNumber }] : [],
    );
}

export async function findDisposition(tx: Tx, plantCode: string, dispositionNo: string) {
  return tx
    .selectFrom('disposition')
    .selectAll()
    .where('plant_code', '=', plantCode)
    .where('disposition_no', '=', dispositionNo)
    .executeTakeFirst();
}

import type { Transaction } from 'kysely';
import type { Done } from '../reference-posting.ts';
import { requireCurrent } from '../reference-requirements.ts';
import type { CapacityStatus, ErpResults, SetWorkCenterCapacity } from './port.ts';
import type { ErpTables } from './reference-tables.ts';

const worstFirst: readonly CapacityStatus[] = ['UNAVAILABLE', 'REDUCED', 'AVAILABLE'];

/** Two stopped assets of one work center are two causes: it is available again when both have ended. */
export async function setWorkCenterCapacity(
  tx: Transaction<ErpTables>,
  command: SetWorkCenterCapacity,
  recordedAt: string,
): Promise<Done> {
  const { plantCode, workCenterCode } = command;
  const row = await tx
    .selectFrom('work_center')
    .selectAll()
    .where('plant_code', '=', plantCode)
    .where('work_center_code', '=', workCenterCode)
    .executeTakeFirst();
  const workCenter = requireCurrent(command, `Work center ${workCenterCode}`, row);

  const causes = await recordCause(tx, command, recordedAt);
  const from = workCenter.capacity_status;
  const to = worstFirst.find((status) => causes.includes(status)) ?? 'AVAILABLE';
  const result: ErpResults['setWorkCenterCapacity'] = { from, to };
  if (from === to) return { version: String(workCenter.version), result };
  await tx
    .updateTable('work_center')
    .set({ capacity_status: to, capacity_changed_at: recordedAt, version: workCenter.version + 1 })
    .where('plant_code', '=', plantCode)
    .where('work_center_code', '=', workCenterCode)
    .execute();
  return { version: String(workCenter.version + 1), result };
}

/** @returns what every cause that is left says */
async function recordCause(
  tx: Transaction<ErpTables>,
  { plantCode, workCenterCode, causeRef, capacityStatus }: SetWorkCenterCapacity,
  since: string,
): Promise<readonly CapacityStatus[]> {
  const key = { plant_code: plantCode, work_center_code: workCenterCode };
  await tx
    .deleteFrom('capacity_cause')
    .where((eb) => eb.and({ ...key, cause_ref: causeRef }))
    .execute();
  if (capacityStatus !== 'AVAILABLE') {
    const cause = { ...key, cause_ref: causeRef, capacity_status: capacityStatus, since };
    await tx.insertInto('capacity_cause').values(cause).execute();
  }
  const left = await tx
    .selectFrom('capacity_cause')
    .select('capacity_status')
    .where((eb) => eb.and(key))
    .execute();
  return left.map((cause) => cause.capacity_status);
}

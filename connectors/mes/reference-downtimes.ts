import type { Transaction } from 'kysely';
import type { Done } from '../reference-posting.ts';
import { refuse } from '../reference-refusal.ts';
import { requireCurrent, requireState } from '../reference-requirements.ts';
import { isKeyOf } from '../reference-sql.ts';
import type { EndDowntime, MesResults, ReportDowntime } from './port.ts';
import type { MesTables } from './reference-tables.ts';
import { endOf } from './reference-times.ts';

type Tx = Transaction<MesTables>;

/** An asset has stopped. Several downtimes of one asset may be open: whoever reports one may not know of the other. */
export async function reportDowntime(tx: Tx, command: ReportDowntime, recordedAt: string): Promise<Done> {
  const { plantCode, downtimeId, workCenterCodes } = command;
  const wanted = workCenterCodes.map((code) => [plantCode, code]);
  const workCenters = await tx
    .selectFrom('work_center')
    .selectAll()
    .where(isKeyOf(['plant_code', 'work_center_code'], wanted))
    .orderBy('work_center_code')
    .execute();
  const unknown = workCenterCodes.filter((code) => !workCenters.some((row) => row.work_center_code === code));
  if (unknown.length > 0) throw refuse('NOT_FOUND', `Plant ${plantCode} has no work center ${unknown.join(', ')}.`);
  if (await findDowntime(tx, command)) throw refuse('STATE_NOT_ALLOWED', `Downtime ${downtimeId} is reported already.`);
  await tx
    .insertInto('downtime')
    .values({
      plant_code: plantCode,
      downtime_id: downtimeId,
      asset_id: command.assetId,
      line_code: workCenters[0]?.line_code ?? null,
      state: 'OPEN',
      state_by: command.actorId,
      started_at: command.occurredAt,
      ended_at: null,
      reason_code: command.reasonCode,
      planned: command.planned ? 1 : 0,
      version: 1,
      changed_at: recordedAt,
    })
    .execute();
  const places = workCenters.map(({ work_center_code }) => ({
    plant_code: plantCode,
    downtime_id: downtimeId,
    work_center_code,
  }));
  if (places.length > 0) await tx.insertInto('downtime_work_center').values(places).execute();
  return { version: '1', result: {} };
}

export async function endDowntime(tx: Tx, command: EndDowntime, recordedAt: string): Promise<Done> {
  const what = `Downtime ${command.downtimeId}`;
  const downtime = requireCurrent(command, what, await findDowntime(tx, command));
  requireState(command, what, downtime.state, ['OPEN']);
  const endedAt = endOf(what, downtime.started_at, { occurredAt: command.occurredAt, recordedAt });
  const durationSeconds = Math.round((Date.parse(endedAt) - Date.parse(downtime.started_at)) / 1000);
  const version = downtime.version + 1;
  await tx
    .updateTable('downtime')
    .set({
      state: 'ENDED',
      state_by: command.actorId,
      ended_at: endedAt,
      version,
      changed_at: recordedAt,
    })
    .where('plant_code', '=', command.plantCode)
    .where('downtime_id', '=', command.downtimeId)
    .execute();
  const result: MesResults['endDowntime'] = { durationSeconds };
  return { version: String(version), result };
}

function findDowntime(tx: Tx, { plantCode, downtimeId }: { readonly plantCode: string; readonly downtimeId: string }) {
  return tx
    .selectFrom('downtime')
    .selectAll()
    .where('plant_code', '=', plantCode)
    .where('downtime_id', '=', downtimeId)
    .executeTakeFirst();
}

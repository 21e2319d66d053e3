import type { Transaction } from 'kysely';
import { nextNumber } from '../next-number.ts';
import type { Done } from '../reference-posting.ts';
import { requireRow, requireThat, requireUnchanged } from '../reference-requirements.ts';
import type {
  CmmsCommand,
  CmmsResults,
  RequestMaintenance,
  SetAssetAvailability,
  WorkOrderStateCommand,
} from './port.ts';
import { availabilityRules, workOrderRules } from './reference-rules.ts';
import type { CmmsTables } from './reference-tables.ts';

type Tx = Transaction<CmmsTables>;

/** What the reference CMMS does with each command. It checks for itself, whatever has been checked before. */
export function carryOutInCmms(tx: Tx, command: CmmsCommand, at: string): Promise<Done> {
  switch (command.name) {
    case 'requestMaintenance':
      return requestMaintenance(tx, command, at);
    case 'setAssetAvailability':
      return setAssetAvailability(tx, command, at);
    default:
      return changeWorkOrder(tx, command, at);
  }
}

function posted<Name extends keyof CmmsResults>(_name: Name, version: number, result: CmmsResults[Name]): Done {
  return { version: String(version), result };
}

async function findAsset(tx: Tx, plantCode: string, assetId: string): Promise<CmmsTables['asset']> {
  const row = await tx
    .selectFrom('asset')
    .selectAll()
    .where('plant_code', '=', plantCode)
    .where('asset_id', '=', assetId)
    .executeTakeFirst();
  return requireRow(row, `Asset ${assetId}`);
}

async function requestMaintenance(tx: Tx, command: RequestMaintenance, at: string): Promise<Done> {
  const { plantCode, assetId, kind, description, downtimeId, actorId } = command;
  const asset = await findAsset(tx, plantCode, assetId);
  requireThat(asset.availability !== 'RETIRED', 'ASSET_RETIRED', `Asset ${assetId} is retired.`);
  const { newest } = await tx
    .selectFrom('work_order')
    .select((of) => of.fn.max('work_order_no').as('newest'))
    .where('plant_code', '=', plantCode)
    .executeTakeFirstOrThrow();
  const workOrderNo = nextNumber('MO', newest);
  await tx
    .insertInto('work_order')
    .values({
      plant_code: plantCode,
      work_order_no: workOrderNo,
      asset_id: assetId,
      kind,
      description,
      downtime_id: downtimeId,
      line_code: asset.line_code,
      state: 'REQUESTED',
      state_since: at,
      state_by: actorId,
      state_reason: null,
      scheduled_for: null,
      requested_by: actorId,
      requested_at: at,
      changed_at: at,
      version: 1,
    })
    .execute();
  return posted('requestMaintenance', 1, { workOrderNo });
}

async function changeWorkOrder(tx: Tx, command: WorkOrderStateCommand, at: string): Promise<Done> {
  const { plantCode, workOrderNo, actorId, reason, scheduledFor } = command;
  const row = requireRow(
    await tx
      .selectFrom('work_order')
      .selectAll()
      .where('plant_code', '=', plantCode)
      .where('work_order_no', '=', workOrderNo)
      .executeTakeFirst(),
    `Work order ${workOrderNo}`,
  );
  const { from, to } = workOrderRules[command.name];
  requireUnchanged(command, row, from);
  await tx
    .updateTable('work_order')
    .set({
      state: to,
      state_since: at,
      state_by: actorId,
      state_reason: reason,
      scheduled_for: scheduledFor ?? row.scheduled_for,
      changed_at: at,
      version: row.version + 1,
    })
    .where('plant_code', '=', plantCode)
    .where('work_order_no', '=', workOrderNo)
    .execute();
  return posted('workOrderState', row.version + 1, { from: row.state, to });
}

async function setAssetAvailability(tx: Tx, command: SetAssetAvailability, at: string): Promise<Done> {
  const { plantCode, assetId, availability, causeRef, actorId } = command;
  const asset = await findAsset(tx, plantCode, assetId);
  const from = asset.availability;
  requireUnchanged(command, { state: from, version: asset.version }, availabilityRules[availability]);
  await tx
    .updateTable('asset')
    .set({
      availability,
      availability_since: at,
      availability_by: actorId,
      availability_cause: causeRef,
      changed_at: at,
      version: asset.version + 1,
    })
    .where('plant_code', '=', plantCode)
    .where('asset_id', '=', assetId)
    .execute();
  return posted('setAssetAvailability', asset.version + 1, { from, to: availability });
}

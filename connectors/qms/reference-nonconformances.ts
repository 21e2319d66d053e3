import type { Transaction } from 'kysely';
import { nextNumber } from '../next-number.ts';
import type { Done } from '../reference-posting.ts';
import { requireRow, requireThat, requireUnchanged } from '../reference-requirements.ts';
import type { CloseNonconformance, RaiseNonconformance } from './port.ts';
import { findHold } from './reference-hold-rows.ts';
import { posted } from './reference-posted.ts';
import type { QmsTables } from './reference-tables.ts';

type Tx = Transaction<QmsTables>;

export async function raiseNonconformance(tx: Tx, command: RaiseNonconformance, at: string): Promise<Done> {
  const { plantCode, holdNo, severity, description } = command;
  const hold = holdNo === null ? null : requireRow(await findHold(tx, plantCode, holdNo), `Hold ${holdNo}`);
  requireThat(hold !== null || command.lot !== null, 'NOTHING_AFFECTED', 'A nonconformance needs a hold or a lot.');
  const { newest } = await tx
    .selectFrom('nonconformance')
    .select((of) => of.fn.max('nc_no').as('newest'))
    .where('plant_code', '=', plantCode)
    .executeTakeFirstOrThrow();
  const ncNo = nextNumber('NC', newest);
  await tx
    .insertInto('nonconformance')
    .values({
      plant_code: plantCode,
      nc_no: ncNo,
      hold_no: holdNo,
      material_code: command.lot?.materialCode ?? hold?.lot_material_code ?? null,
      lot_number: command.lot?.lotNumber ?? hold?.lot_number ?? null,
      severity,
      description,
      state: 'OPEN',
      state_since: at,
      state_by: command.actorId,
      disposition_no: null,
      raised_by: command.actorId,
      raised_at: at,
      line_code: command.lineCode ?? hold?.line_code ?? null,
      partner: command.partner ?? hold?.partner ?? null,
      changed_at: at,
      version: 1,
    })
    .execute();
  return posted('raiseNonconformance', 1, { ncNo });
}

export async function updateNonconformance(
  tx: Tx,
  row: QmsTables['nonconformance'],
  change: Partial<QmsTables['nonconformance']>,
): Promise<void> {
  await tx
    .updateTable('nonconformance')
    .set({ ...change, version: row.version + 1 })
    .where('plant_code', '=', row.plant_code)
    .where('nc_no', '=', row.nc_no)
    .execute();
}

export async function closeNonconformance(tx: Tx, command: CloseNonconformance, at: string): Promise<Done> {
  const { plantCode, ncNo, actorId } = command;
  const row = requireRow(
    await tx
      .selectFrom('nonconformance')
      .selectAll()
      .where('plant_code', '=', plantCode)
      .where('nc_no', '=', ncNo)
      .executeTakeFirst(),
    `Nonconformance ${ncNo}`,
  );
  requireUnchanged(command, row, ['DISPOSITIONED']);
  const hold = row.hold_no === null ? undefined : await findHold(tx, plantCode, row.hold_no);
  requireThat(
    hold === undefined || hold.state === 'RELEASED',
    'HOLD_ACTIVE',
    `Hold ${row.hold_no} of the nonconformance is still active.`,
    'It is released once its disposition is carried out.',
  );
  await updateNonconformance(tx, row, { state: 'CLOSED', state_since: at, state_by: actorId, changed_at: at });
  return posted('closeNonconformance', row.version + 1, {});
}

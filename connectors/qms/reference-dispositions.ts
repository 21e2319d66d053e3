import type { Transaction } from 'kysely';
import type { Done } from '../reference-posting.ts';
import { requireRow, requireThat, requireUnchanged } from '../reference-requirements.ts';
import { targetText } from './hold-target.ts';
import type {
  ApproveDisposition,
  DispositionSignature,
  ProposeDisposition,
  RejectDisposition,
  SettleDisposition,
} from './port.ts';
import { findDisposition, findHold, lotsHeldBy } from './reference-hold-rows.ts';
import { updateNonconformance } from './reference-nonconformances.ts';
import { posted } from './reference-posted.ts';
import type { QmsTables } from './reference-tables.ts';

type Tx = Transaction<QmsTables>;

export async function proposeDisposition(tx: Tx, command: ProposeDisposition, at: string): Promise<Done> {
  const { plantCode, holdNo, decision } = command;
  const hold = requireRow(await findHold(tx, plantCode, holdNo), `Hold ${holdNo}`);
  requireUnchanged(command, hold, ['PLACED', 'PARTIALLY_EFFECTIVE', 'EFFECTIVE']);
  const earlier = await tx
    .selectFrom('disposition')
    .select(['disposition_no', 'state'])
    .where('plant_code', '=', plantCode)
    .where('hold_no', '=', holdNo)
    .execute();
  const open = earlier.find(({ state }) => state !== 'REJECTED');
  requireThat(
    open === undefined,
    'DISPOSITION_OPEN',
    `Disposition ${open?.disposition_no} of hold ${holdNo} is ${open?.state}.`,
    'Approve or reject it first.',
  );
  const dispositionNo = `DP-${holdNo}-${earlier.length + 1}`;
  await tx
    .insertInto('disposition')
    .values({
      plant_code: plantCode,
      disposition_no: dispositionNo,
      hold_no: holdNo,
      decision,
      lots: JSON.stringify(await lotsHeldBy(tx, hold)),
      state: 'PROPOSED',
      state_since: at,
      state_by: command.actorId,
      state_reason: null,
      proposed_by: command.actorId,
      proposed_at: at,
      reason: command.reason,
      approved_by: null,
      approved_at: null,
      signatures: signedBy(command, 'AUTHORED', { at }),
      line_code: hold.line_code,
      partner: hold.partner,
      changed_at: at,
      version: 1,
    })
    .execute();
  return posted('proposeDisposition', 1, { dispositionNo });
}

/** @returns the signatures with one more */
function signedBy(
  { actorId, signerName, reason }: ProposeDisposition | ApproveDisposition | RejectDisposition,
  meaning: DispositionSignature['meaning'],
  { at, earlier = null }: { readonly at: string; readonly earlier?: string | null },
): string {
  const signature: DispositionSignature = { meaning, signerId: actorId, signerName, signedAt: at, reason };
  return JSON.stringify([...(JSON.parse(earlier ?? '[]') as DispositionSignature[]), signature]);
}

async function updateDisposition(
  tx: Tx,
  row: QmsTables['disposition'],
  change: Partial<QmsTables['disposition']>,
): Promise<void> {
  await tx
    .updateTable('disposition')
    .set({ ...change, version: row.version + 1 })
    .where('plant_code', '=', row.plant_code)
    .where('disposition_no', '=', row.disposition_no)
    .execute();
}

export async function approveDisposition(tx: Tx, command: ApproveDisposition, at: string): Promise<Done> {
  const { plantCode, dispositionNo, actorId } = command;
  const row = requireRow(await findDisposition(tx, plantCode, dispositionNo), `Disposition ${dispositionNo}`);
  requireUnchanged(command, row, ['PROPOSED']);
  requireThat(
    row.proposed_by !== actorId,
    'SEGREGATION_OF_DUTIES',
    'Who has proposed a disposition cannot approve it.',
    'Ask a second person.',
  );
  const hold = requireRow(await findHold(tx, plantCode, row.hold_no), `Hold ${row.hold_no}`);
  const ncNos = await decideCases(tx, hold, row, at, actorId);
  await updateDisposition(tx, row, {
    state: 'APPROVED',
    state_since: at,
    state_by: actorId,
    approved_by: actorId,
    approved_at: at,
    state_reason: command.reason,
    signatures: signedBy(command, 'APPROVED', { at, earlier: row.signatures }),
    changed_at: at,
  });
  return posted('approveDisposition', row.version + 1, { ncNos });
}

/** An approved disposition decides the open cases of its hold, and those of the lots that it is about. */
async function decideCases(
  tx: Tx,
  hold: QmsTables['quality_hold'],
  { disposition_no, lots }: QmsTables['disposition'],
  at: string,
  actorId: string,
): Promise<readonly string[]> {
  const decided = new Set((JSON.parse(lots) as { materialCode: string; lotNumber: string }[]).map(lotText));
  const open = await tx
    .selectFrom('nonconformance')
    .selectAll()
    .where('plant_code', '=', hold.plant_code)
    .where('state', '=', 'OPEN')
    .orderBy('nc_no')
    .execute();
  const cases = open.filter(
    ({ hold_no, material_code, lot_number }) =>
      hold_no === hold.hold_no ||
      (hold_no === null &&
        material_code !== null &&
        lot_number !== null &&
        decided.has(lotText({ materialCode: material_code, lotNumber: lot_number }))),
  );
  const change = {
    state: 'DISPOSITIONED',
    state_since: at,
    state_by: actorId,
    disposition_no,
    changed_at: at,
  } as const;
  for (const one of cases) await updateNonconformance(tx, one, change);
  return cases.map(({ nc_no }) => nc_no);
}

function lotText({ materialCode, lotNumber }: { readonly materialCode: string; readonly lotNumber: string }): string {
  return targetText({ type: 'lot', key: [materialCode, lotNumber] });
}

export async function rejectDisposition(tx: Tx, command: RejectDisposition, at: string): Promise<Done> {
  const { plantCode, dispositionNo, actorId, reason } = command;
  const row = requireRow(await findDisposition(tx, plantCode, dispositionNo), `Disposition ${dispositionNo}`);
  requireUnchanged(command, row, ['PROPOSED']);
  await updateDisposition(tx, row, {
    state: 'REJECTED',
    state_since: at,
    state_by: actorId,
    state_reason: reason,
    signatures: signedBy(command, 'REJECTED', { at, earlier: row.signatures }),
    changed_at: at,
  });
  return posted('rejectDisposition', row.version + 1, {});
}

export async function settleDisposition(tx: Tx, command: SettleDisposition, at: string): Promise<Done> {
  const { plantCode, dispositionNo, actorId, outcome, message } = command;
  const row = requireRow(await findDisposition(tx, plantCode, dispositionNo), `Disposition ${dispositionNo}`);
  requireUnchanged(command, row, ['APPROVED', 'POSTING_FAILED']);
  await updateDisposition(tx, row, {
    state: outcome,
    state_since: at,
    state_by: actorId,
    state_reason: message,
    changed_at: at,
  });
  return posted('settleDisposition', row.version + 1, { from: row.state });
}

import type { Transaction } from 'kysely';
import type { Done } from '../reference-posting.ts';
import { requireRow, requireThat, requireUnchanged } from '../reference-requirements.ts';
import { targetOfText, targetText } from './hold-target.ts';
import type {
  AcknowledgeHold,
  DispositionDecision,
  HoldContext,
  HoldState,
  LotKey,
  PlaceHold,
  ReleaseHold,
} from './port.ts';
import { findDisposition, findHold, lotsHeldBy, targetsOfHold, updateHold } from './reference-hold-rows.ts';
import {
  hasOpenInspection,
  type InspectionState,
  knownContext,
  learnLot,
  moveInspectionState,
} from './reference-lot-quality.ts';
import { posted } from './reference-posted.ts';
import type { QmsTables } from './reference-tables.ts';

type Tx = Transaction<QmsTables>;

export async function placeHold(tx: Tx, command: PlaceHold, at: string): Promise<Done> {
  const { plantCode, holdNo } = command;
  const known = await findHold(tx, plantCode, holdNo);
  requireThat(
    known?.state !== 'RELEASED',
    'HOLD_RELEASED',
    `Hold ${holdNo} was released.`,
    'Place a new one under another number.',
  );
  const targets = [command.scope, ...command.affected].map(targetText);
  if (known) return repeatHold(tx, known, command, targets);
  const { lot } = command;
  const more = await knownContext(
    tx,
    plantCode,
    lot?.materialCode ?? command.materialCode,
    lot?.lotNumber ?? null,
    command.orderNo,
  );
  const context = {
    orderNo: command.orderNo ?? more.orderNo,
    lineCode: command.lineCode ?? more.lineCode,
    partner: command.partner ?? more.partner,
  };
  await tx
    .insertInto('quality_hold')
    .values({
      plant_code: plantCode,
      hold_no: holdNo,
      scope: targetText(command.scope),
      restrictions: JSON.stringify(command.restrictions),
      reason: command.reason,
      state: 'PLACED',
      state_since: at,
      state_by: command.actorId,
      placed_at: at,
      placed_by: command.actorId,
      released_at: null,
      material_code: command.materialCode ?? more.materialCode,
      lot_material_code: lot?.materialCode ?? null,
      lot_number: lot?.lotNumber ?? null,
      order_no: context.orderNo,
      operation_no: command.operationNo,
      inspection_lot_no: command.inspectionLotNo,
      line_code: context.lineCode,
      partner: context.partner,
      changed_at: at,
      version: 1,
    })
    .execute();
  await addTargets(tx, plantCode, holdNo, targets, context);
  return posted('placeHold', 1, { holdNo, created: true });
}

/** A number stands for one hold: the same hold once more changes nothing, and another one needs another number. */
async function repeatHold(
  tx: Tx,
  known: QmsTables['quality_hold'],
  { scope, restrictions }: PlaceHold,
  targets: readonly string[],
): Promise<Done> {
  const standing = await targetsOfHold(tx, known);
  requireThat(
    known.scope === targetText(scope) &&
      isSameSet(standing, targets) &&
      isSameSet(JSON.parse(known.restrictions) as string[], restrictions),
    'HOLD_NUMBER_TAKEN',
    `Hold ${known.hold_no} stands already, on other things or with other restrictions.`,
    'Place another hold under another number.',
  );
  return posted('placeHold', known.version, { holdNo: known.hold_no, created: false });
}

function isSameSet(some: readonly string[], others: readonly string[]): boolean {
  const [one, other] = [new Set(some), new Set(others)];
  return one.size === other.size && [...one].every((item) => other.has(item));
}

async function addTargets(
  tx: Tx,
  plantCode: string,
  holdNo: string,
  targets: readonly string[],
  context: Pick<HoldContext, 'orderNo' | 'lineCode' | 'partner'>,
): Promise<void> {
  for (const [position, target] of targets.entries()) {
    await tx
      .insertInto('hold_target')
      .values({ plant_code: plantCode, hold_no: holdNo, target, position })
      .onConflict((conflict) => conflict.columns(['plant_code', 'hold_no', 'target']).doNothing())
      .execute();
    const { type, key } = targetOfText(target);
    const [materialCode, lotNumber] = key;
    if (type === 'lot' && materialCode && lotNumber)
      await learnLot(tx, { plantCode, materialCode, lotNumber, ...context });
  }
}

/** The systems whose acknowledgement makes a hold effective. */
const targetSystems = ['ERP', 'MES'];

export async function acknowledgeHold(tx: Tx, command: AcknowledgeHold, at: string): Promise<Done> {
  const { plantCode, holdNo, system, message } = command;
  const hold = requireRow(await findHold(tx, plantCode, holdNo), `Hold ${holdNo}`);
  requireUnchanged(command, hold, ['PLACED', 'PARTIALLY_EFFECTIVE', 'EFFECTIVE', 'RELEASED']);
  const failed = command.failed ? 1 : 0;
  await tx
    .insertInto('acknowledgement')
    .values({ plant_code: plantCode, hold_no: holdNo, system, failed, message, at })
    .onConflict((conflict) =>
      conflict.columns(['plant_code', 'hold_no', 'system']).doUpdateSet({ failed, message, at }),
    )
    .execute();
  const rows = await tx
    .selectFrom('acknowledgement')
    .select(['system', 'failed'])
    .where('plant_code', '=', plantCode)
    .where('hold_no', '=', holdNo)
    .orderBy('system')
    .execute();
  const to = stateAcknowledged(hold.state, rows);
  const moved = to === hold.state ? {} : { state: to, state_since: at, state_by: command.actorId };
  await updateHold(tx, hold, { ...moved, changed_at: at });
  const acknowledgedBy = rows.filter((row) => row.failed === 0).map((row) => row.system);
  return posted('acknowledgeHold', hold.version + 1, { from: hold.state, to, acknowledgedBy });
}

function stateAcknowledged(
  from: HoldState,
  acknowledgements: readonly { readonly system: string; readonly failed: number }[],
): HoldState {
  if (from === 'RELEASED') return from;
  if (acknowledgements.some(({ failed }) => failed === 1)) return 'PARTIALLY_EFFECTIVE';
  const complete = targetSystems.every((system) => acknowledgements.some((one) => one.system === system));
  return complete ? 'EFFECTIVE' : from;
}

const stateAfterRelease: Readonly<Record<DispositionDecision, InspectionState>> = {
  USE_AS_IS: 'RELEASED',
  REWORK: 'AWAITING_INSPECTION',
  SCRAP: 'REJECTED',
  RETURN_TO_SUPPLIER: 'REJECTED',
};

export async function releaseHold(tx: Tx, command: ReleaseHold, at: string): Promise<Done> {
  const { plantCode, holdNo, dispositionNo } = command;
  const hold = requireRow(await findHold(tx, plantCode, holdNo), `Hold ${holdNo}`);
  requireUnchanged(command, hold, ['PLACED', 'PARTIALLY_EFFECTIVE', 'EFFECTIVE']);
  const disposition = requireRow(await findDisposition(tx, plantCode, dispositionNo), `Disposition ${dispositionNo}`);
  requireThat(
    disposition.hold_no === holdNo && disposition.state === 'EFFECTIVE',
    'DISPOSITION_NOT_EFFECTIVE',
    `Disposition ${dispositionNo} is not an effective disposition of hold ${holdNo}.`,
    'Have the disposition carried out by every system first.',
  );
  await updateHold(tx, hold, {
    state: 'RELEASED',
    state_since: at,
    state_by: command.actorId,
    released_at: at,
    changed_at: at,
  });
  for (const held of await lotsHeldBy(tx, hold)) {
    const lot = { plantCode, ...held };
    if (await isDecidedOtherwise(tx, lot, hold, disposition.decision)) continue;
    // What is used as it is has been decided for what did not conform; open inspections decide the rest.
    const isOpen = disposition.decision === 'USE_AS_IS' && (await hasOpenInspection(tx, lot));
    const to = isOpen ? 'UNDER_INSPECTION' : stateAfterRelease[disposition.decision];
    await moveInspectionState(tx, lot, everyInspectionState, to);
  }
  return posted('releaseHold', hold.version + 1, { from: hold.state });
}

/**
 * Whether another disposition of the lot stands above this one. What is scrapped or sent back stays so, whatever is decided of
 * another hold; and what is to be reworked is not good as it is on account of a hold that stood beside that one: it was about
 * something else.
 */
async function isDecidedOtherwise(
  tx: Tx,
  { plantCode, materialCode, lotNumber }: LotKey,
  hold: QmsTables['quality_hold'],
  decision: DispositionDecision,
): Promise<boolean> {
  const others = await tx
    .selectFrom('hold_target as t')
    .innerJoin('disposition as d', (join) =>
      join.onRef('d.plant_code', '=', 't.plant_code').onRef('d.hold_no', '=', 't.hold_no'),
    )
    .innerJoin('quality_hold as h', (join) =>
      join.onRef('h.plant_code', '=', 't.plant_code').onRef('h.hold_no', '=', 't.hold_no'),
    )
    .select(['d.decision', 'h.released_at'])
    .where('t.plant_code', '=', plantCode)
    .where('t.target', '=', targetText({ type: 'lot', key: [materialCode, lotNumber] }))
    .where('h.state', '=', 'RELEASED')
    .where('h.hold_no', '<>', hold.hold_no)
    .where('d.state', '=', 'EFFECTIVE')
    .execute();
  return others.some(
    (other) =>
      rank[other.decision] > rank[decision] &&
      (rank[other.decision] === rank.SCRAP || (other.released_at ?? '') >= hold.placed_at),
  );
}

/** The higher of two decides. */
const rank: Readonly<Record<DispositionDecision, number>> = {
  USE_AS_IS: 0,
  REWORK: 1,
  RETURN_TO_SUPPLIER: 2,
  SCRAP: 2,
};

const everyInspectionState: readonly InspectionState[] = [
  'NOT_REQUIRED',
  'AWAITING_INSPECTION',
  'UNDER_INSPECTION',
  'RELEASED',
  'REJECTED',
  'CONDITIONALLY_RELEASED',
];

import type { Transaction } from 'kysely';
import { compareDecimals, isDecimal } from '../decimal.ts';
import { nextNumber } from '../next-number.ts';
import type { Verdict } from '../reference-posting.ts';
import { requireRow, requireThat, requireUnchanged, withRefusals } from '../reference-requirements.ts';
import { targetOfText, targetText } from './hold-target.ts';
import type {
  AcknowledgeHold,
  ApproveDisposition,
  CloseNonconformance,
  CreateInspectionLot,
  DecideInspectionLot,
  DispositionDecision,
  HoldContext,
  HoldState,
  InspectionDecision,
  PlaceHold,
  ProposeDisposition,
  QmsCommand,
  QmsResults,
  RaiseNonconformance,
  RecordInspectionResult,
  RejectDisposition,
  ReleaseHold,
  SettleDisposition,
} from './port.ts';
import { createQmsReads } from './reference-reads.ts';
import type { QmsTables } from './reference-tables.ts';

type Tx = Transaction<QmsTables>;

/** What the reference QMS does with each command. It checks for itself, whatever has been checked before. */
export function carryOutInQms(tx: Tx, command: QmsCommand, recordedAt: string): Promise<Verdict> {
  return withRefusals(() => carryOut(tx, command, recordedAt));
}

function carryOut(tx: Tx, command: QmsCommand, at: string): Promise<Verdict> {
  switch (command.name) {
    case 'createInspectionLot':
      return createInspectionLot(tx, command, at);
    case 'recordInspectionResult':
      return recordInspectionResult(tx, command, at);
    case 'decideInspectionLot':
      return decideInspectionLot(tx, command, at);
    case 'placeHold':
      return placeHold(tx, command, at);
    case 'acknowledgeHold':
      return acknowledgeHold(tx, command, at);
    case 'releaseHold':
      return releaseHold(tx, command, at);
    case 'proposeDisposition':
      return proposeDisposition(tx, command, at);
    case 'approveDisposition':
      return approveDisposition(tx, command, at);
    case 'rejectDisposition':
      return rejectDisposition(tx, command, at);
    case 'settleDisposition':
      return settleDisposition(tx, command, at);
    case 'raiseNonconformance':
      return raiseNonconformance(tx, command, at);
    case 'closeNonconformance':
      return closeNonconformance(tx, command, at);
  }
}

function posted<Name extends keyof QmsResults>(_name: Name, version: number, result: QmsResults[Name]): Verdict {
  return { version: String(version), result };
}

async function createInspectionLot(tx: Tx, command: CreateInspectionLot, at: string): Promise<Verdict> {
  const { plantCode, planId, planVersion, orderNo, lotNumber, operationNo } = command;
  const plan = requireRow(
    await tx
      .selectFrom('inspection_plan')
      .selectAll()
      .where('plant_code', '=', plantCode)
      .where('plan_id', '=', planId)
      .where('plan_version', '=', planVersion)
      .executeTakeFirst(),
    `Inspection plan ${planId} in version ${planVersion}`,
  );
  const inspected = orderNo ?? lotNumber;
  requireThat(inspected !== null, 'NOTHING_TO_INSPECT', 'An inspection lot needs an order or a lot.');
  const inspectionLotNo = await freeInspectionLotNo(tx, plantCode, `IL-${inspected}`);
  const known = await knownContext(tx, plantCode, plan.material_code, lotNumber, orderNo);
  const lineCode = command.lineCode ?? known.lineCode;
  const partner = command.partner ?? known.partner;
  const context = { plantCode, materialCode: plan.material_code, lotNumber, orderNo, lineCode, partner };
  await learnOrder(tx, context);
  await learnLot(tx, context);
  await tx
    .insertInto('inspection_lot')
    .values({
      plant_code: plantCode,
      inspection_lot_no: inspectionLotNo,
      plan_id: planId,
      plan_version: planVersion,
      material_code: plan.material_code,
      lot_number: lotNumber,
      order_no: orderNo,
      operation_no: operationNo,
      line_code: lineCode,
      state: 'CREATED',
      decision: null,
      state_since: at,
      state_by: command.actorId,
      state_reason: null,
      created_at: at,
      changed_at: at,
      partner,
      version: 1,
    })
    .execute();
  await moveInspectionState(tx, context, ['NOT_REQUIRED', 'RELEASED', 'CONDITIONALLY_RELEASED'], 'AWAITING_INSPECTION');
  return posted('createInspectionLot', 1, { inspectionLotNo });
}

async function freeInspectionLotNo(tx: Tx, plantCode: string, wanted: string): Promise<string> {
  const rows = await tx
    .selectFrom('inspection_lot')
    .select('inspection_lot_no')
    .where('plant_code', '=', plantCode)
    .where('inspection_lot_no', 'like', `${wanted}%`)
    .execute();
  const taken = new Set(rows.map((row) => row.inspection_lot_no));
  if (!taken.has(wanted)) return wanted;
  let number = 2;
  while (taken.has(`${wanted}-${number}`)) number += 1;
  return `${wanted}-${number}`;
}

/** What the QMS itself knows of a lot and its order, for what the command leaves out. */
async function knownContext(
  tx: Tx,
  plantCode: string,
  materialCode: string | null,
  lotNumber: string | null,
  orderNo: string | null,
): Promise<Pick<HoldContext, 'orderNo' | 'lineCode' | 'partner' | 'materialCode'>> {
  const lot =
    materialCode && lotNumber
      ? await tx
          .selectFrom('lot_quality')
          .selectAll()
          .where('plant_code', '=', plantCode)
          .where('material_code', '=', materialCode)
          .where('lot_number', '=', lotNumber)
          .executeTakeFirst()
      : undefined;
  const number = orderNo ?? lot?.order_no ?? null;
  const order =
    number === null
      ? undefined
      : await tx
          .selectFrom('production_order')
          .selectAll()
          .where('plant_code', '=', plantCode)
          .where('order_no', '=', number)
          .executeTakeFirst();
  return {
    orderNo: number,
    materialCode: materialCode ?? order?.material_code ?? null,
    lineCode: lot?.line_code ?? order?.line_code ?? null,
    partner: lot?.partner ?? order?.partner ?? null,
  };
}

interface Inspected {
  readonly plantCode: string;
  readonly materialCode: string;
  readonly lotNumber: string | null;
  readonly orderNo: string | null;
  readonly lineCode: string | null;
  readonly partner: string | null;
}

async function learnOrder(tx: Tx, { plantCode, orderNo, ...rest }: Inspected): Promise<void> {
  if (orderNo === null) return;
  await tx
    .insertInto('production_order')
    .values({
      plant_code: plantCode,
      order_no: orderNo,
      material_code: rest.materialCode,
      lot_number: rest.lotNumber,
      line_code: rest.lineCode,
      partner: rest.partner,
    })
    .onConflict((conflict) => conflict.columns(['plant_code', 'order_no']).doNothing())
    .execute();
}

async function learnLot(tx: Tx, { plantCode, materialCode, lotNumber, ...rest }: Inspected): Promise<void> {
  if (lotNumber === null) return;
  const plan = await tx
    .selectFrom('inspection_plan')
    .select('plan_id')
    .where('plant_code', '=', plantCode)
    .where('material_code', '=', materialCode)
    .executeTakeFirst();
  await tx
    .insertInto('lot_quality')
    .values({
      plant_code: plantCode,
      material_code: materialCode,
      lot_number: lotNumber,
      inspection_state: plan ? 'AWAITING_INSPECTION' : 'NOT_REQUIRED',
      order_no: rest.orderNo,
      line_code: rest.lineCode,
      partner: rest.partner,
    })
    .onConflict((conflict) => conflict.columns(['plant_code', 'material_code', 'lot_number']).doNothing())
    .execute();
}

type InspectionState = QmsTables['lot_quality']['inspection_state'];

async function moveInspectionState(
  tx: Tx,
  lot: { readonly plantCode: string; readonly materialCode: string; readonly lotNumber: string | null },
  from: readonly InspectionState[],
  to: InspectionState,
): Promise<void> {
  if (lot.lotNumber === null) return;
  await tx
    .updateTable('lot_quality')
    .set({ inspection_state: to })
    .where('plant_code', '=', lot.plantCode)
    .where('material_code', '=', lot.materialCode)
    .where('lot_number', '=', lot.lotNumber)
    .where('inspection_state', 'in', [...from])
    .execute();
}

async function findInspectionLot(tx: Tx, plantCode: string, inspectionLotNo: string) {
  const rows = await createQmsReads(tx).inspectionLotsByKeys([{ plantCode, inspectionLotNo }]);
  const row = requireRow(rows[0], `Inspection lot ${inspectionLotNo}`);
  return { ...row, version: Number(row.version) };
}

async function recordInspectionResult(tx: Tx, command: RecordInspectionResult, at: string): Promise<Verdict> {
  const { plantCode, inspectionLotNo, characteristic: code, value } = command;
  const lot = await findInspectionLot(tx, plantCode, inspectionLotNo);
  requireUnchanged(command, lot, ['CREATED', 'IN_PROGRESS']);
  const [plan] = await createQmsReads(tx).inspectionPlansByKeys([lot]);
  const known = plan?.characteristics ?? [];
  const characteristic = known.find((one) => one.code === code);
  requireThat(
    characteristic !== undefined,
    'CHARACTERISTIC_UNKNOWN',
    `Plan ${lot.planId} has no characteristic ${code}.`,
    `It has ${known.map((one) => one.code).join(', ')}.`,
  );
  requireThat(isDecimal(value), 'VALUE_INVALID', `${value} is no decimal number.`);
  const { unit, lowerLimit, upperLimit } = requireRow(characteristic, `Characteristic ${code}`);
  const taken = (await createQmsReads(tx).resultsOfInspectionLots([lot])).filter((one) => one.characteristic === code);
  const sampleNo = command.sampleNo ?? nextSampleNo(taken.map((one) => one.sampleNo));
  requireThat(
    taken.every((one) => one.sampleNo !== sampleNo),
    'RESULT_EXISTS',
    `Sample ${sampleNo} of ${code} has a result already.`,
    'Record it under another sample number, or leave the number out.',
  );
  const passed = compareDecimals(value, lowerLimit) >= 0 && compareDecimals(value, upperLimit) <= 0;
  const verdict = passed ? 'PASSED' : 'FAILED';
  await tx
    .insertInto('inspection_result')
    .values({
      plant_code: plantCode,
      inspection_lot_no: inspectionLotNo,
      characteristic: code,
      sample_no: sampleNo,
      position: taken.length + 1,
      value,
      unit,
      lower_limit: lowerLimit,
      upper_limit: upperLimit,
      verdict,
      recorded_at: at,
      recorded_by: command.actorId,
    })
    .execute();
  const begins = lot.state === 'CREATED' ? { state_since: at, state_by: command.actorId } : {};
  await updateInspectionLot(tx, lot, { state: 'IN_PROGRESS', changed_at: at, ...begins });
  await moveInspectionState(tx, lot, ['AWAITING_INSPECTION'], 'UNDER_INSPECTION');
  return posted('recordInspectionResult', lot.version + 1, {
    sampleNo,
    verdict,
    limits: `${lowerLimit}..${upperLimit} ${unit}`,
  });
}

function nextSampleNo(taken: readonly string[]): string {
  let number = taken.length + 1;
  while (taken.includes(String(number))) number += 1;
  return String(number);
}

async function updateInspectionLot(
  tx: Tx,
  lot: { readonly plantCode: string; readonly inspectionLotNo: string; readonly version: number },
  change: Partial<QmsTables['inspection_lot']>,
): Promise<void> {
  await tx
    .updateTable('inspection_lot')
    .set({ ...change, version: lot.version + 1 })
    .where('plant_code', '=', lot.plantCode)
    .where('inspection_lot_no', '=', lot.inspectionLotNo)
    .execute();
}

const stateOfDecision: Readonly<Record<InspectionDecision, InspectionState>> = {
  ACCEPTED: 'RELEASED',
  CONDITIONAL: 'CONDITIONALLY_RELEASED',
  REJECTED: 'REJECTED',
};

async function decideInspectionLot(tx: Tx, command: DecideInspectionLot, at: string): Promise<Verdict> {
  const lot = await findInspectionLot(tx, command.plantCode, command.inspectionLotNo);
  requireUnchanged(command, lot, ['IN_PROGRESS']);
  requireThat(
    command.decision === 'REJECTED' || lot.missing.length === 0,
    'INSPECTION_INCOMPLETE',
    `There is no result for ${lot.missing.join(', ')}.`,
    'Record the missing results first.',
  );
  requireThat(
    command.decision !== 'ACCEPTED' || lot.failed.length === 0,
    'RESULTS_FAILED',
    `The latest result of ${lot.failed.join(', ')} is outside its limits.`,
    'Decide CONDITIONAL or REJECTED, or record another sample.',
  );
  await updateInspectionLot(tx, lot, {
    state: 'DECIDED',
    decision: command.decision,
    state_since: at,
    state_by: command.actorId,
    state_reason: command.reason,
    changed_at: at,
  });
  if (await isLotDecided(tx, lot, command.decision))
    await moveInspectionState(tx, lot, undecidedOr(command.decision), stateOfDecision[command.decision]);
  return posted('decideInspectionLot', lot.version + 1, { decision: command.decision });
}

/** A rejection overrules everything; a release overrules nothing worse than it. */
function undecidedOr(decision: InspectionDecision): readonly InspectionState[] {
  const undecided = ['NOT_REQUIRED', 'AWAITING_INSPECTION', 'UNDER_INSPECTION', 'RELEASED'] as const;
  return decision === 'REJECTED' ? [...undecided, 'CONDITIONALLY_RELEASED'] : undecided;
}

/** One rejection decides a lot; a release needs every inspection of the lot to be decided. */
async function isLotDecided(
  tx: Tx,
  lot: { readonly plantCode: string; readonly materialCode: string; readonly lotNumber: string | null },
  decision: InspectionDecision,
): Promise<boolean> {
  const { lotNumber } = lot;
  return decision === 'REJECTED' || lotNumber === null || !(await hasOpenInspection(tx, { ...lot, lotNumber }));
}

async function hasOpenInspection(
  tx: Tx,
  lot: { readonly plantCode: string; readonly materialCode: string; readonly lotNumber: string },
): Promise<boolean> {
  const open = await tx
    .selectFrom('inspection_lot')
    .select('inspection_lot_no')
    .where('plant_code', '=', lot.plantCode)
    .where('material_code', '=', lot.materialCode)
    .where('lot_number', '=', lot.lotNumber)
    .where('state', '<>', 'DECIDED')
    .executeTakeFirst();
  return open !== undefined;
}

async function findHold(tx: Tx, plantCode: string, holdNo: string) {
  return tx
    .selectFrom('quality_hold')
    .selectAll()
    .where('plant_code', '=', plantCode)
    .where('hold_no', '=', holdNo)
    .executeTakeFirst();
}

async function placeHold(tx: Tx, command: PlaceHold, at: string): Promise<Verdict> {
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
): Promise<Verdict> {
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

async function targetsOfHold(
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

async function updateHold(
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

/** The systems whose acknowledgement makes a hold effective. */
const targetSystems = ['ERP', 'MES'];

async function acknowledgeHold(tx: Tx, command: AcknowledgeHold, at: string): Promise<Verdict> {
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

async function releaseHold(tx: Tx, command: ReleaseHold, at: string): Promise<Verdict> {
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
    // What is used as it is has been decided for what did not conform; open inspections decide the rest.
    const isOpen = disposition.decision === 'USE_AS_IS' && (await hasOpenInspection(tx, lot));
    const to = isOpen ? 'UNDER_INSPECTION' : stateAfterRelease[disposition.decision];
    await moveInspectionState(tx, lot, everyInspectionState, to);
  }
  return posted('releaseHold', hold.version + 1, { from: hold.state });
}

const everyInspectionState: readonly InspectionState[] = [
  'NOT_REQUIRED',
  'AWAITING_INSPECTION',
  'UNDER_INSPECTION',
  'RELEASED',
  'REJECTED',
  'CONDITIONALLY_RELEASED',
];

async function lotsHeldBy(tx: Tx, hold: Pick<QmsTables['quality_hold'], 'plant_code' | 'hold_no'>) {
  return (await targetsOfHold(tx, hold))
    .map(targetOfText)
    .flatMap(({ type, key: [materialCode, lotNumber] }) =>
      type === 'lot' && materialCode && lotNumber ? [{ materialCode, lotNumber }] : [],
    );
}

async function findDisposition(tx: Tx, plantCode: string, dispositionNo: string) {
  return tx
    .selectFrom('disposition')
    .selectAll()
    .where('plant_code', '=', plantCode)
    .where('disposition_no', '=', dispositionNo)
    .executeTakeFirst();
}

async function proposeDisposition(tx: Tx, command: ProposeDisposition, at: string): Promise<Verdict> {
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
      line_code: hold.line_code,
      partner: hold.partner,
      changed_at: at,
      version: 1,
    })
    .execute();
  return posted('proposeDisposition', 1, { dispositionNo });
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

async function approveDisposition(tx: Tx, command: ApproveDisposition, at: string): Promise<Verdict> {
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

async function rejectDisposition(tx: Tx, command: RejectDisposition, at: string): Promise<Verdict> {
  const { plantCode, dispositionNo, actorId, reason } = command;
  const row = requireRow(await findDisposition(tx, plantCode, dispositionNo), `Disposition ${dispositionNo}`);
  requireUnchanged(command, row, ['PROPOSED']);
  await updateDisposition(tx, row, {
    state: 'REJECTED',
    state_since: at,
    state_by: actorId,
    state_reason: reason,
    changed_at: at,
  });
  return posted('rejectDisposition', row.version + 1, {});
}

async function settleDisposition(tx: Tx, command: SettleDisposition, at: string): Promise<Verdict> {
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

async function raiseNonconformance(tx: Tx, command: RaiseNonconformance, at: string): Promise<Verdict> {
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

async function updateNonconformance(
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

async function closeNonconformance(tx: Tx, command: CloseNonconformance, at: string): Promise<Verdict> {
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

import type { Transaction } from 'kysely';
import { compareDecimals, isDecimal } from '../decimal.ts';
import type { Done } from '../reference-posting.ts';
import { requireRow, requireThat, requireUnchanged } from '../reference-requirements.ts';
import type { CreateInspectionLot, DecideInspectionLot, InspectionDecision, RecordInspectionResult } from './port.ts';
import {
  hasOpenInspection,
  type InspectionState,
  knownContext,
  learnLot,
  learnOrder,
  moveInspectionState,
} from './reference-lot-quality.ts';
import { posted } from './reference-posted.ts';
import { createQmsReads } from './reference-reads.ts';
import type { QmsTables } from './reference-tables.ts';

type Tx = Transaction<QmsTables>;

export async function createInspectionLot(tx: Tx, command: CreateInspectionLot, at: string): Promise<Done> {
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

async function findInspectionLot(tx: Tx, plantCode: string, inspectionLotNo: string) {
  const rows = await createQmsReads(tx).inspectionLotsByKeys([{ plantCode, inspectionLotNo }]);
  const row = requireRow(rows[0], `Inspection lot ${inspectionLotNo}`);
  return { ...row, version: Number(row.version) };
}

export async function recordInspectionResult(tx: Tx, command: RecordInspectionResult, at: string): Promise<Done> {
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

export async function decideInspectionLot(tx: Tx, command: DecideInspectionLot, at: string): Promise<Done> {
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

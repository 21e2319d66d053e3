import type { Principal } from '../../auth/principal.ts';
import type {
  CreateInspectionLot,
  DecideInspectionLot,
  InspectionDecision,
  InspectionLotRow,
  InspectionPlanRow,
  QmsPort,
  QmsResults,
  RecordInspectionResult,
} from '../../connectors/qms/port.ts';
import { type EntityRef, refOf } from '../../journal/entity-ref.ts';
import type { Restriction } from '../../journal/restriction.ts';
import { eventOf } from '../transitions/event-of.ts';
import { asDeclared, code, id, measured } from '../transitions/input-checks.ts';
import type { Rejection } from '../transitions/rejection.ts';
import type { Call, Subject, Transition } from '../transitions/transition.ts';
import {
  holdIdOf,
  inspectionLotIdOf,
  inspectionLotKey,
  lotIdOf,
  lotKey,
  orderIdOf,
  planIdOf,
  planKey,
} from './keys.ts';
import { inspectionLotMachine } from './machines.ts';
import { refusal } from './refusal.ts';
import type { WhereItIs } from './where-it-is.ts';

/** What a failed check forbids at once: whatever lets a lot go on, not what plans with it. */
export const restrictionsOfHolds: readonly Restriction[] = [
  'CONSUME',
  'MOVE',
  'PICK',
  'SHIP',
  'START_OPERATION',
  'COMPLETE_OPERATION',
];

interface CreateInspectionLotInput {
  readonly planId: string;
  readonly orderId?: string | null;
  readonly lotId?: string | null;
  readonly operationNo?: string | null;
}

interface NewInspectionLot {
  readonly plan: InspectionPlanRow;
  readonly orderNo: string | null;
  readonly lot: { readonly plantCode: string; readonly materialCode: string; readonly lotNumber: string } | null;
  /** The plants of the order and the lot that were given. */
  readonly plantCodes: readonly string[];
  readonly lineCode: string | null;
  readonly partner: string | null;
}

export function createInspectionLot(
  port: QmsPort,
  whereItIs: WhereItIs,
): Transition<NewInspectionLot, CreateInspectionLotInput, CreateInspectionLot> {
  return {
    name: 'createInspectionLot',
    machine: inspectionLotMachine,
    action: 'create',
    checks: { planId: id, orderId: id, lotId: id, operationNo: code() },
    load: (input, signal, principal) => loadNewInspectionLot(port, whereItIs, input, signal, principal),
    subject: ({ plan, lineCode, partner }) => ({
      id: planIdOf(plan),
      plantCode: plan.plantCode,
      line: lineCode,
      partner,
      version: null,
      state: null,
    }),
    touches: () => [],
    guards: [{ name: 'inspected', check: checkInspected }],
    command: ({ entity, input }) => ({
      name: 'createInspectionLot',
      plantCode: entity.plan.plantCode,
      expectedVersion: null,
      planId: entity.plan.planId,
      planVersion: entity.plan.planVersion,
      orderNo: entity.orderNo,
      lotNumber: entity.lot?.lotNumber ?? null,
      operationNo: input.operationNo ?? entity.plan.operationNo,
      lineCode: entity.lineCode,
      partner: entity.partner,
    }),
    effects: (call, posting) => {
      const { plan, orderNo, lot, lineCode, partner } = call.entity;
      const { plantCode } = plan;
      const { inspectionLotNo } = posting.result as QmsResults['createInspectionLot'];
      const subject = inspectionLotIdOf({ plantCode, inspectionLotNo });
      const data = { inspectionLotNo, orderNo, lot: lot && lotIdOf(plantCode, lot) };
      const about = { system: 'QMS', subject, plantCode, line: lineCode, partner, stateChange: '>CREATED', data };
      return {
        events: [eventOf(call, { type: 'quality.inspection.created', ...about })],
        toState: 'CREATED',
        result: subject,
      };
    },
  };
}

async function loadNewInspectionLot(
  port: QmsPort,
  whereItIs: WhereItIs,
  { planId, orderId, lotId }: CreateInspectionLotInput,
  signal: AbortSignal,
  principal: Principal,
): Promise<NewInspectionLot | null> {
  const key = planKey(planId);
  const [plan] = key ? await port.inspectionPlansByKeys([key]) : [];
  const order = refOf(orderId, 'production-order');
  const lot = lotKey(lotId);
  if (!plan || (orderId && !order) || (lotId && !lot)) return null;
  const inspected: readonly EntityRef[] = [
    ...(order ? [order] : []),
    ...(lot ? [{ plantCode: lot.plantCode, type: 'lot' as const, key: [lot.materialCode, lot.lotNumber] }] : []),
  ];
  // Nobody learns here whether there is such a thing in another plant: the guard refuses it unseen.
  const isHere = inspected.every(({ plantCode }) => plantCode === plan.plantCode);
  const places = isHere ? await Promise.all(inspected.map((ref) => whereItIs(ref, principal, signal))) : [];
  if (places.includes(null)) return null;
  const [place] = places;
  return {
    plan,
    orderNo: order?.key[0] ?? place?.orderNo ?? null,
    lot: lot ?? (place?.lot ? { plantCode: plan.plantCode, ...place.lot } : null),
    plantCodes: [order?.plantCode, lot?.plantCode].filter((code) => code !== undefined),
    lineCode: place?.lineCode ?? null,
    partner: place?.partner ?? null,
  };
}

function checkInspected({ plan, orderNo, lot, plantCodes }: NewInspectionLot): readonly Rejection[] {
  if (orderNo === null && lot === null)
    return [
      refusal(
        'inspected',
        'NOTHING_TO_INSPECT',
        'An inspection lot needs an order or a lot.',
        'Give orderId or lotId.',
      ),
    ];
  if (plantCodes.some((code) => code !== plan.plantCode))
    return [
      refusal('inspected', 'OTHER_PLANT', 'The plan belongs to another plant.', 'Take a plan of the same plant.'),
    ];
  if (lot && lot.materialCode !== plan.materialCode) {
    const message = `Plan ${plan.planId} is for ${plan.materialCode}; the lot is of ${lot.materialCode}.`;
    return [refusal('inspected', 'MATERIAL_MISMATCH', message, 'Take a plan of the lot’s material.')];
  }
  return [];
}

interface RecordInspectionResultInput {
  readonly inspectionLotId: string;
  readonly characteristic: string;
  readonly sampleNo?: string | null;
  readonly value: string;
}

export interface InspectedLot {
  readonly inspectionLot: InspectionLotRow;
  readonly plan: InspectionPlanRow | null;
}

async function loadInspectedLot(port: QmsPort, id: string): Promise<InspectedLot | null> {
  const key = inspectionLotKey(id);
  const [inspectionLot] = key ? await port.inspectionLotsByKeys([key]) : [];
  if (!inspectionLot) return null;
  const [plan] = await port.inspectionPlansByKeys([inspectionLot]);
  return { inspectionLot, plan: plan ?? null };
}

function inspectionSubject({ inspectionLot }: InspectedLot): Subject {
  const { plantCode, lineCode, partner, version, state } = inspectionLot;
  return { id: inspectionLotIdOf(inspectionLot), plantCode, line: lineCode, partner, version, state };
}

export function recordInspectionResult(
  port: QmsPort,
): Transition<InspectedLot, RecordInspectionResultInput, RecordInspectionResult> {
  return {
    name: 'recordInspectionResult',
    machine: inspectionLotMachine,
    action: 'record',
    checks: { inspectionLotId: id, characteristic: code(), sampleNo: code(), value: measured },
    load: ({ inspectionLotId }) => loadInspectedLot(port, inspectionLotId),
    subject: inspectionSubject,
    touches: () => [],
    guards: [{ name: 'characteristic', check: checkCharacteristic }],
    command: ({ entity, input, meta }) => ({
      name: 'recordInspectionResult',
      plantCode: entity.inspectionLot.plantCode,
      // Two people may record at the same time: only who asks for a version is held to it.
      expectedVersion: meta.expectedVersion,
      inspectionLotNo: entity.inspectionLot.inspectionLotNo,
      characteristic: input.characteristic,
      sampleNo: input.sampleNo ?? null,
      value: input.value,
    }),
    effects: (call, posting) => {
      const result = posting.result as QmsResults['recordInspectionResult'];
      return result.verdict === 'FAILED' ? failedEffects(call, result) : passedEffects(call);
    },
  };
}

function checkCharacteristic({ plan }: InspectedLot, input: RecordInspectionResultInput | null): readonly Rejection[] {
  const known = plan?.characteristics.map(({ code }) => code) ?? [];
  if (input === null || known.includes(input.characteristic)) return [];
  const message = `The plan of this inspection lot has no characteristic ${input.characteristic}.`;
  return [refusal('characteristic', 'CHARACTERISTIC_UNKNOWN', message, `It has ${known.join(', ')}.`)];
}

type RecordCall = Call<InspectedLot, RecordInspectionResultInput>;

function passedEffects(call: RecordCall) {
  const { characteristic, value } = call.input;
  const data = { inspectionLotNo: call.entity.inspectionLot.inspectionLotNo, characteristic, value };
  return {
    events: [eventOf(call, { type: 'quality.inspection.resultRecorded', ...aboutInspection(call), data })],
    toState: 'IN_PROGRESS',
  };
}

/**
 * What a failed check leaves behind even when nothing else goes on: an interlock under the number of the hold that the
 * workflow places on account of it.
 */
function failedEffects(call: RecordCall, { sampleNo, limits }: QmsResults['recordInspectionResult']) {
  const { inspectionLot } = call.entity;
  const { characteristic, value } = call.input;
  const { plantCode, inspectionLotNo, materialCode, lotNumber, orderNo, operationNo, partner } = inspectionLot;
  const lot = lotNumber === null ? null : lotIdOf(plantCode, { materialCode, lotNumber });
  const restricted = lot ?? (orderNo === null ? null : orderIdOf(plantCode, orderNo));
  const holdNo = `QH-${inspectionLotNo}-${characteristic}-${sampleNo}`;
  const data = { inspectionLotNo, characteristic, sampleNo, value, limits, lot, orderNo, operationNo };
  return {
    events: [eventOf(call, { type: 'quality.inspection.failed', ...aboutInspection(call), data })],
    toState: 'IN_PROGRESS',
    place:
      restricted === null
        ? []
        : [
            {
              kind: 'QUALITY_HOLD' as const,
              entityId: restricted,
              plantCode,
              partner,
              cause: holdIdOf({ plantCode, holdNo }),
              restrictions: restrictionsOfHolds,
              reason: `Quality hold ${holdNo} (${characteristic} ${value} is outside ${limits})`,
              placedBy: call.actor.id,
              placedByTransition: call.transitionId,
            },
          ],
  };
}

function aboutInspection({ entity: { inspectionLot } }: RecordCall) {
  const { plantCode, lineCode, partner, state } = inspectionLot;
  return {
    system: 'QMS',
    subject: inspectionLotIdOf(inspectionLot),
    plantCode,
    line: lineCode,
    partner,
    stateChange: state === 'CREATED' ? 'CREATED>IN_PROGRESS' : null,
  };
}

interface DecideInspectionLotInput {
  readonly inspectionLotId: string;
  readonly decision: InspectionDecision;
}

export function decideInspectionLot(
  port: QmsPort,
): Transition<InspectedLot, DecideInspectionLotInput, DecideInspectionLot> {
  return {
    name: 'decideInspectionLot',
    machine: inspectionLotMachine,
    action: 'decide',
    checks: { inspectionLotId: id, decision: asDeclared },
    load: ({ inspectionLotId }) => loadInspectedLot(port, inspectionLotId),
    subject: inspectionSubject,
    touches: () => [],
    guards: [{ name: 'results', check: checkResults }],
    command: ({ entity, input, meta }) => ({
      name: 'decideInspectionLot',
      plantCode: entity.inspectionLot.plantCode,
      expectedVersion: entity.inspectionLot.version,
      inspectionLotNo: entity.inspectionLot.inspectionLotNo,
      decision: input.decision,
      reason: meta.reason?.text ?? null,
    }),
    effects: (call) => {
      const { inspectionLot } = call.entity;
      const { plantCode, inspectionLotNo, materialCode, lotNumber, lineCode, partner } = inspectionLot;
      const lot = lotNumber === null ? null : lotIdOf(plantCode, { materialCode, lotNumber });
      const content = {
        type: 'quality.inspection.decided',
        system: 'QMS',
        subject: inspectionLotIdOf(inspectionLot),
        plantCode,
        line: lineCode,
        partner,
        stateChange: 'IN_PROGRESS>DECIDED',
        data: { inspectionLotNo, decision: call.input.decision, lot },
      } as const;
      return { events: [eventOf(call, content)], toState: 'DECIDED' };
    },
  };
}

function checkResults({ inspectionLot }: InspectedLot, input: DecideInspectionLotInput | null): readonly Rejection[] {
  const { missing, failed } = inspectionLot;
  if (input === null || input.decision === 'REJECTED') return [];
  if (missing.length > 0) {
    const message = `There is no result for ${missing.join(', ')}.`;
    return [refusal('results', 'INSPECTION_INCOMPLETE', message, 'Record the missing results first.')];
  }
  if (input.decision === 'CONDITIONAL' || failed.length === 0) return [];
  const message = `The latest result of ${failed.join(', ')} is outside its limits.`;
  return [refusal('results', 'RESULTS_FAILED', message, 'Decide CONDITIONAL or REJECTED, or record another sample.')];
}

import type {
  CloseNonconformance,
  HoldRow,
  LotKey,
  NonconformanceRow,
  NonconformanceSeverity,
  QmsPort,
  QmsResults,
  RaiseNonconformance,
} from '../../connectors/qms/port.ts';
import { eventOf } from '../transitions/event-of.ts';
import { asDeclared, id, text } from '../transitions/input-checks.ts';
import type { Rejection } from '../transitions/rejection.ts';
import type { Transition } from '../transitions/transition.ts';
import { holdIdOf, holdKey, lotIdOf, lotKey, lotsOf, nonconformanceIdOf, nonconformanceKey } from './keys.ts';
import { nonconformanceMachine } from './machines.ts';
import { refusal } from './refusal.ts';

interface RaiseNonconformanceInput {
  readonly holdId?: string | null;
  readonly lotId?: string | null;
  readonly severity: NonconformanceSeverity;
  readonly description: string;
}

interface Found {
  readonly plantCode: string;
  readonly hold: HoldRow | null;
  readonly lot: LotKey | null;
  readonly lineCode: string | null;
  readonly partner: string | null;
}

export function raiseNonconformance(port: QmsPort): Transition<Found, RaiseNonconformanceInput, RaiseNonconformance> {
  return {
    name: 'raiseNonconformance',
    machine: nonconformanceMachine,
    action: 'raise',
    checks: { holdId: id, lotId: id, severity: asDeclared, description: text },
    load: (input) => loadFound(port, input),
    subject: ({ plantCode, hold, lot, lineCode, partner }) => ({
      id: hold || lot === null ? holdIdOf(hold ?? { plantCode, holdNo: '' }) : lotIdOf(plantCode, lot),
      plantCode,
      line: lineCode,
      partner,
      version: null,
      state: null,
    }),
    touches: () => [],
    guards: [{ name: 'same-plant', check: checkSamePlant }],
    command: ({ entity, input }) => ({
      name: 'raiseNonconformance',
      plantCode: entity.plantCode,
      expectedVersion: null,
      holdNo: entity.hold?.holdNo ?? null,
      lot: entity.lot && { materialCode: entity.lot.materialCode, lotNumber: entity.lot.lotNumber },
      severity: input.severity,
      description: input.description,
      lineCode: entity.lineCode,
      partner: entity.partner,
    }),
    effects: (call, posting) => {
      const { plantCode, hold, lineCode, partner } = call.entity;
      const { ncNo } = posting.result as QmsResults['raiseNonconformance'];
      const subject = nonconformanceIdOf({ plantCode, ncNo });
      const content = {
        type: 'quality.nonconformance.raised',
        system: 'QMS',
        subject,
        plantCode,
        line: lineCode,
        partner,
        stateChange: '>OPEN',
        data: { ncNo, holdNo: hold?.holdNo ?? null, severity: call.input.severity },
      } as const;
      return { events: [eventOf(call, content)], toState: 'OPEN', result: subject };
    },
  };
}

/** Known is a lot that the QMS inspects; a hold says for itself where it is. */
async function loadFound(port: QmsPort, { holdId, lotId }: RaiseNonconformanceInput): Promise<Found | null> {
  const key = holdId ? holdKey(holdId) : null;
  const lot = lotKey(lotId);
  if (lotId && !lot) return null;
  const [hold] = key ? await port.holdsByKeys([key]) : [];
  if (holdId && !hold) return null;
  // Nobody learns here whether there is such a lot in another plant: the guard refuses it unseen.
  const isElsewhere = hold && lot && hold.plantCode !== lot.plantCode;
  const [quality] = lot && !isElsewhere ? await port.lotQualitiesByKeys([lot]) : [];
  const isHeld = hold && lot && lotsOf(hold.plantCode, hold).includes(lotIdOf(lot.plantCode, lot));
  if (lot && !isElsewhere && !quality && !isHeld) return null;
  const about = hold ?? quality;
  if (!about) return null;
  const { plantCode, lineCode, partner } = about;
  return { plantCode, hold: hold ?? null, lot, lineCode, partner };
}

function checkSamePlant({ plantCode, lot }: Found): readonly Rejection[] {
  if (lot === null || lot.plantCode === plantCode) return [];
  return [refusal('same-plant', 'OTHER_PLANT', 'The lot is in another plant than the hold.', 'Leave the lot out.')];
}

interface CloseNonconformanceInput {
  readonly ncId: string;
}

/** A case with the hold that contains it. */
export interface OpenCase {
  readonly nonconformance: NonconformanceRow;
  readonly hold: HoldRow | null;
}

async function loadOpenCase(port: QmsPort, ncId: string): Promise<OpenCase | null> {
  const key = nonconformanceKey(ncId);
  const [nonconformance] = key ? await port.nonconformancesByKeys([key]) : [];
  if (!nonconformance) return null;
  const { plantCode, holdNo } = nonconformance;
  const [hold] = holdNo === null ? [] : await port.holdsByKeys([{ plantCode, holdNo }]);
  return { nonconformance, hold: hold ?? null };
}

export function closeNonconformance(
  port: QmsPort,
): Transition<OpenCase, CloseNonconformanceInput, CloseNonconformance> {
  return {
    name: 'closeNonconformance',
    machine: nonconformanceMachine,
    action: 'close',
    checks: { ncId: id },
    load: ({ ncId }) => loadOpenCase(port, ncId),
    subject: ({ nonconformance }) => {
      const { plantCode, lineCode, partner, version, state } = nonconformance;
      return { id: nonconformanceIdOf(nonconformance), plantCode, line: lineCode, partner, version, state };
    },
    touches: () => [],
    guards: [{ name: 'hold', check: checkHoldReleased }],
    command: ({ entity }) => ({
      name: 'closeNonconformance',
      plantCode: entity.nonconformance.plantCode,
      expectedVersion: entity.nonconformance.version,
      ncNo: entity.nonconformance.ncNo,
    }),
    effects: (call) => {
      const { plantCode, ncNo, lineCode, partner } = call.entity.nonconformance;
      const content = {
        type: 'quality.nonconformance.closed',
        system: 'QMS',
        subject: nonconformanceIdOf({ plantCode, ncNo }),
        plantCode,
        line: lineCode,
        partner,
        stateChange: 'DISPOSITIONED>CLOSED',
        data: { ncNo },
      } as const;
      return { events: [eventOf(call, content)], toState: 'CLOSED' };
    },
  };
}

function checkHoldReleased({ hold }: OpenCase): readonly Rejection[] {
  if (hold === null || hold.state === 'RELEASED') return [];
  const message = `Hold ${hold.holdNo} still stands.`;
  return [
    refusal('hold', 'HOLD_ACTIVE', message, 'It is released once its disposition is carried out.', holdIdOf(hold)),
  ];
}

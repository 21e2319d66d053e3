import type {
  ApproveDisposition,
  DispositionDecision,
  DispositionRow,
  HoldRow,
  ProposeDisposition,
  QmsPort,
  QmsResults,
  RejectDisposition,
  SettleDisposition,
} from '../../connectors/qms/port.ts';
import type { EventData } from '../../journal/catalogue.ts';
import { eventOf } from '../transitions/event-of.ts';
import { asDeclared, id, text } from '../transitions/input-checks.ts';
import type { Rejection } from '../transitions/rejection.ts';
import type { Call, GuardContext, Subject, Transition } from '../transitions/transition.ts';
import { type HeldCase, holdSubject, loadHeldCase } from './hold-transitions.ts';
import { dispositionIdOf, dispositionKey, holdIdOf, lotIdOf, lotsOf, nonconformanceIdOf } from './keys.ts';
import { dispositionMachine } from './machines.ts';
import { refusal } from './refusal.ts';

interface ProposeDispositionInput {
  readonly holdId: string;
  readonly decision: DispositionDecision;
}

export function proposeDisposition(port: QmsPort): Transition<HeldCase, ProposeDispositionInput, ProposeDisposition> {
  return {
    name: 'proposeDisposition',
    machine: dispositionMachine,
    action: 'propose',
    checks: { holdId: id, decision: asDeclared },
    load: ({ holdId }) => loadHeldCase(port, holdId),
    // What changes is a disposition that does not exist yet; the hold is where it begins.
    subject: (entity) => ({ ...holdSubject(entity), state: null }),
    touches: () => [],
    guards: [
      { name: 'hold', check: checkHoldStands },
      { name: 'disposition', check: checkNoneOpen },
    ],
    command: ({ entity, input, meta, actor }) => ({
      name: 'proposeDisposition',
      plantCode: entity.hold.plantCode,
      // An acknowledgement that comes in between changes the hold, and nothing about the proposal.
      expectedVersion: meta.expectedVersion,
      holdNo: entity.hold.holdNo,
      decision: input.decision,
      signerName: actor.name,
      reason: meta.reason?.text ?? null,
    }),
    effects: (call, posting) => {
      const { hold } = call.entity;
      const { plantCode, holdNo, lineCode, partner } = hold;
      const { dispositionNo } = posting.result as QmsResults['proposeDisposition'];
      const subject = dispositionIdOf({ plantCode, dispositionNo });
      const content = {
        type: 'quality.disposition.proposed',
        system: 'QMS',
        subject,
        plantCode,
        line: lineCode,
        partner,
        stateChange: '>PROPOSED',
        data: { dispositionNo, holdNo, decision: call.input.decision, lots: lotsOf(plantCode, hold) },
      } as const;
      return { events: [eventOf(call, content)], toState: 'PROPOSED', result: subject };
    },
  };
}

function checkHoldStands({ hold }: HeldCase): readonly Rejection[] {
  if (hold.state !== 'RELEASED') return [];
  const message = `Hold ${hold.holdNo} is released.`;
  return [refusal('hold', 'HOLD_RELEASED', message, 'There is nothing left to decide.', holdIdOf(hold))];
}

function checkNoneOpen({ dispositions }: HeldCase): readonly Rejection[] {
  const open = dispositions.find(({ state }) => state !== 'REJECTED');
  if (!open) return [];
  const message = `Disposition ${open.dispositionNo} (${open.decision}) is ${open.state}.`;
  const remedy = 'Approve or reject it while it is PROPOSED; later it is carried out.';
  return [refusal('disposition', 'DISPOSITION_OPEN', message, remedy, dispositionIdOf(open))];
}

/** A disposition with the hold that it ends. */
export interface DecidedCase {
  readonly disposition: DispositionRow;
  readonly hold: HoldRow | null;
}

async function loadDecidedCase(port: QmsPort, dispositionId: string): Promise<DecidedCase | null> {
  const key = dispositionKey(dispositionId);
  const [disposition] = key ? await port.dispositionsByKeys([key]) : [];
  if (!disposition) return null;
  const [hold] = await port.holdsByKeys([disposition]);
  return { disposition, hold: hold ?? null };
}

function dispositionSubject({ disposition }: DecidedCase): Subject {
  const { plantCode, lineCode, partner, version, state } = disposition;
  return { id: dispositionIdOf(disposition), plantCode, line: lineCode, partner, version, state };
}

/** The parts that every command about a disposition has. */
function commandBase<Name extends string>(name: Name, { entity }: Call<DecidedCase, unknown>) {
  const { plantCode, version, dispositionNo } = entity.disposition;
  return { name, plantCode, expectedVersion: version, dispositionNo };
}

/** Who stands for the decision and why, as it is kept with it. */
function signatureOf({ actor, meta }: Call<DecidedCase, unknown>) {
  return { signerName: actor.name, reason: meta.reason?.text ?? '' };
}

function aboutDisposition({ disposition }: DecidedCase, stateChange: string) {
  const { plantCode, lineCode, partner } = disposition;
  return { system: 'QMS', subject: dispositionIdOf(disposition), plantCode, line: lineCode, partner, stateChange };
}

function dispositionFacts({ disposition, hold }: DecidedCase): EventData['quality.disposition.proposed'] {
  const { plantCode, dispositionNo, holdNo, decision, lots } = disposition;
  const decided = lots.map((lot) => lotIdOf(plantCode, lot));
  return { dispositionNo, holdNo, decision, lots: decided.length > 0 || !hold ? decided : lotsOf(plantCode, hold) };
}

interface DispositionInput {
  readonly dispositionId: string;
}

export function approveDisposition(port: QmsPort): Transition<DecidedCase, DispositionInput, ApproveDisposition> {
  return {
    name: 'approveDisposition',
    machine: dispositionMachine,
    action: 'approve',
    checks: { dispositionId: id },
    reasonRequired: true,
    load: ({ dispositionId }) => loadDecidedCase(port, dispositionId),
    subject: dispositionSubject,
    touches: () => [],
    guards: [{ name: 'second-person', check: checkSecondPerson }],
    command: (call) => ({ ...commandBase('approveDisposition', call), ...signatureOf(call) }),
    effects: (call, posting) => {
      const { ncNos } = posting.result as QmsResults['approveDisposition'];
      const data = dispositionFacts(call.entity);
      const approved = {
        type: 'quality.disposition.approved',
        ...aboutDisposition(call.entity, 'PROPOSED>APPROVED'),
        data,
      } as const;
      const cases = ncNos.map((ncNo) => dispositionedEvent(call, ncNo));
      return { events: [eventOf(call, approved), ...cases], toState: 'APPROVED' };
    },
  };
}

function dispositionedEvent(call: Call<DecidedCase, unknown>, ncNo: string) {
  const { plantCode, dispositionNo } = call.entity.disposition;
  return eventOf(call, {
    type: 'quality.nonconformance.dispositioned',
    ...aboutDisposition(call.entity, 'OPEN>DISPOSITIONED'),
    subject: nonconformanceIdOf({ plantCode, ncNo }),
    data: { ncNo, dispositionNo },
  });
}

/** Two people decide: who has proposed cannot approve, whatever the roles. */
function checkSecondPerson(
  { disposition }: DecidedCase,
  _input: DispositionInput | null,
  { principal }: GuardContext,
): readonly Rejection[] {
  if (principal.id !== disposition.proposedBy) return [];
  const message = `You have proposed disposition ${disposition.dispositionNo} yourself.`;
  return [refusal('second-person', 'SEGREGATION_OF_DUTIES', message, 'Ask a second person to approve it.')];
}

export function rejectDisposition(port: QmsPort): Transition<DecidedCase, DispositionInput, RejectDisposition> {
  return {
    name: 'rejectDisposition',
    machine: dispositionMachine,
    action: 'reject',
    checks: { dispositionId: id },
    reasonRequired: true,
    load: ({ dispositionId }) => loadDecidedCase(port, dispositionId),
    subject: dispositionSubject,
    touches: () => [],
    guards: [],
    command: (call) => ({ ...commandBase('rejectDisposition', call), ...signatureOf(call) }),
    effects: (call) => {
      const data = { ...dispositionFacts(call.entity), reason: call.meta.reason?.text ?? '' };
      const about = aboutDisposition(call.entity, 'PROPOSED>REJECTED');
      return { events: [eventOf(call, { type: 'quality.disposition.rejected', ...about, data })], toState: 'REJECTED' };
    },
  };
}

interface SettleDispositionInput extends DispositionInput {
  readonly outcome: 'EFFECTIVE' | 'POSTING_FAILED';
  readonly system?: string | null;
  readonly message?: string | null;
}

export function settleDisposition(port: QmsPort): Transition<DecidedCase, SettleDispositionInput, SettleDisposition> {
  return {
    name: 'settleDisposition',
    machine: dispositionMachine,
    action: 'settle',
    checks: { dispositionId: id, outcome: asDeclared, system: asDeclared, message: text },
    load: ({ dispositionId }) => loadDecidedCase(port, dispositionId),
    subject: dispositionSubject,
    touches: () => [],
    guards: [],
    command: (call) => ({
      ...commandBase('settleDisposition', call),
      outcome: call.input.outcome,
      message: call.input.message ?? null,
    }),
    effects: (call, posting) => {
      const { from } = posting.result as QmsResults['settleDisposition'];
      const { outcome } = call.input;
      return { events: [settledEvent(call, `${from}>${outcome}`)], toState: outcome };
    },
  };
}

function settledEvent(call: Call<DecidedCase, SettleDispositionInput>, stateChange: string) {
  const { outcome, system, message } = call.input;
  const about = aboutDisposition(call.entity, stateChange);
  const facts = dispositionFacts(call.entity);
  if (outcome === 'EFFECTIVE') return eventOf(call, { type: 'quality.disposition.effective', ...about, data: facts });
  const data = { ...facts, system: system ?? 'QMS', message: message ?? 'The disposition could not be carried out.' };
  return eventOf(call, { type: 'quality.disposition.postingFailed', ...about, data });
}

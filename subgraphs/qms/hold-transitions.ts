import type {
  AcknowledgeHold,
  DispositionRow,
  HoldRow,
  HoldState,
  QmsPort,
  QmsResults,
  ReleaseHold,
} from '../../connectors/qms/port.ts';
import type { EventData } from '../../journal/catalogue.ts';
import type { EntityId } from '../../journal/entity-ref.ts';
import { knownRestrictions } from '../../journal/restriction.ts';
import { eventOf } from '../transitions/event-of.ts';
import { asDeclared, id, text } from '../transitions/input-checks.ts';
import type { Rejection } from '../transitions/rejection.ts';
import type { Call, Subject, Transition } from '../transitions/transition.ts';
import { dispositionIdOf, dispositionKey, holdIdOf, holdKey, targetIdOf } from './keys.ts';
import { holdMachine } from './machines.ts';
import { refusal } from './refusal.ts';

/** A hold with what was proposed and decided about it. */
export interface HeldCase {
  readonly hold: HoldRow;
  readonly dispositions: readonly DispositionRow[];
}

export async function loadHeldCase(port: QmsPort, holdId: string): Promise<HeldCase | null> {
  const key = holdKey(holdId);
  const [hold] = key ? await port.holdsByKeys([key]) : [];
  return hold ? { hold, dispositions: await port.dispositionsOfHolds([hold]) } : null;
}

export function holdSubject({ hold }: HeldCase): Subject {
  const { plantCode, lineCode, partner, version, state } = hold;
  return { id: holdIdOf(hold), plantCode, line: lineCode, partner, version, state };
}

interface AcknowledgeHoldInput {
  readonly holdId: string;
  readonly system: string;
  readonly failed?: boolean | null;
  readonly message?: string | null;
}

type AcknowledgeCall = Call<HeldCase, AcknowledgeHoldInput>;

export function acknowledgeHold(port: QmsPort): Transition<HeldCase, AcknowledgeHoldInput, AcknowledgeHold> {
  return {
    name: 'acknowledgeHold',
    machine: holdMachine,
    action: 'acknowledge',
    checks: { holdId: id, system: asDeclared, failed: asDeclared, message: text },
    load: ({ holdId }) => loadHeldCase(port, holdId),
    subject: holdSubject,
    touches: () => [],
    guards: [],
    command: ({ entity, input, meta }) => ({
      name: 'acknowledgeHold',
      plantCode: entity.hold.plantCode,
      // Systems acknowledge independently of each other.
      expectedVersion: meta.expectedVersion,
      holdNo: entity.hold.holdNo,
      system: input.system,
      failed: input.failed ?? false,
      message: input.message ?? null,
    }),
    effects: (call, posting) => {
      const result = posting.result as QmsResults['acknowledgeHold'];
      return { events: acknowledgedEvents(call, result), toState: result.to };
    },
  };
}

function acknowledgedEvents(call: AcknowledgeCall, { from, to, acknowledgedBy }: QmsResults['acknowledgeHold']) {
  const { system, failed, message } = call.input;
  const facts = { ...holdFacts(call.entity.hold), acknowledgedBy };
  const about = aboutHold(call.entity.hold, from === to ? null : `${from}>${to}`);
  if (failed) {
    const data = { ...facts, system, message: message ?? `The ${system} could not do its part.` };
    return [eventOf(call, { type: 'quality.hold.propagationFailed', ...about, data })];
  }
  const acknowledged = { ...aboutHold(call.entity.hold, null), data: { ...facts, system } };
  const events = [eventOf(call, { type: 'quality.hold.acknowledged', ...acknowledged })];
  if (from === to || to !== 'EFFECTIVE') return events;
  return [...events, eventOf(call, { type: 'quality.hold.effective', ...about, data: facts })];
}

function aboutHold(hold: HoldRow, stateChange: string | null) {
  const { plantCode, lineCode, partner } = hold;
  return { system: 'QMS', subject: holdIdOf(hold), plantCode, line: lineCode, partner, stateChange };
}

function holdFacts(hold: HoldRow): EventData['quality.hold.placed'] {
  const { plantCode, holdNo, scope, affected, restrictions, reason, acknowledgements } = hold;
  return {
    holdNo,
    scope: targetIdOf(plantCode, scope),
    affected: affected.map((target) => targetIdOf(plantCode, target)),
    restrictions: knownRestrictions(restrictions),
    reason,
    acknowledgedBy: acknowledgements.filter(({ failed }) => !failed).map(({ system }) => system),
  };
}

interface ReleaseHoldInput {
  readonly holdId: string;
  readonly dispositionId: string;
}

export function releaseHold(port: QmsPort): Transition<HeldCase, ReleaseHoldInput, ReleaseHold> {
  return {
    name: 'releaseHold',
    machine: holdMachine,
    action: 'release',
    checks: { holdId: id, dispositionId: id },
    load: ({ holdId }) => loadHeldCase(port, holdId),
    subject: holdSubject,
    touches: () => [],
    guards: [{ name: 'disposition', check: checkDisposition }],
    command: ({ entity, input }) => ({
      name: 'releaseHold',
      plantCode: entity.hold.plantCode,
      expectedVersion: entity.hold.version,
      holdNo: entity.hold.holdNo,
      dispositionNo: dispositionNoOf(input),
    }),
    effects: (call, posting) => {
      const { hold } = call.entity;
      const { from } = posting.result as QmsResults['releaseHold'];
      const data = { ...holdFacts(hold), dispositionNo: dispositionNoOf(call.input) };
      const event = { type: 'quality.hold.released', ...aboutHold(hold, `${from}>RELEASED`), data } as const;
      return { events: [eventOf(call, event)], toState: 'RELEASED' satisfies HoldState, lift: [holdIdOf(hold)] };
    },
  };
}

function dispositionNoOf({ dispositionId }: ReleaseHoldInput): string {
  return dispositionKey(dispositionId)?.dispositionNo ?? '';
}

/** Only a disposition of this hold that every system has carried out lifts it. */
function checkDisposition({ hold, dispositions }: HeldCase, input: ReleaseHoldInput | null): readonly Rejection[] {
  const named = dispositions.filter((one) => input === null || dispositionIdOf(one) === input.dispositionId);
  if (named.some(({ state }) => state === 'EFFECTIVE')) return [];
  const open: EntityId | undefined = dispositions.map(dispositionIdOf).at(-1);
  return [
    refusal(
      'disposition',
      'DISPOSITION_NOT_EFFECTIVE',
      `Hold ${hold.holdNo} has no such disposition that every system has carried out.`,
      'Propose a disposition, have a second person approve it, and wait until it is effective.',
      open ?? null,
    ),
  ];
}

import { SystemTimeoutError, SystemUnavailableError } from '../../../connectors/errors.ts';
import type { Posting, PostingPort, SystemCommand } from '../../../connectors/posting.ts';
import { entityId } from '../../../journal/entity-ref.ts';
import type { Interlock } from '../../../journal/interlock.ts';
import type { AnyTransition, Transition } from '../../../subgraphs/transitions/transition.ts';
import { somebody } from '../../support/somebody.ts';

/** How the system of record behaves on its next commands, one after the other; then it works. */
export type Fault = 'UNREACHABLE' | 'DONE_BUT_NO_ANSWER' | 'NOT_DONE_AND_NO_ANSWER' | 'REFUSES';

/**
 * The smallest system of record: presses that are IDLE or RUNNING. It keeps its postings, so a test can count what was
 * really done, and can be told to fail in every way that a network allows.
 */
export class Press implements PostingPort<SystemCommand> {
  readonly faults: Fault[] = [];
  /** Resolved by the test to let a slow command finish. */
  gate: Promise<void> = Promise.resolve();
  state: 'IDLE' | 'RUNNING' = 'IDLE';
  strokes = 0;
  /** Times that it was sent a command. */
  sent = 0;
  readonly #postings = new Map<string, Posting>();
  #late: SystemCommand | null = null;

  /** Carries out what it was sent and had not answered: the slow system of everybody's nightmares. */
  carryOutLate(): void {
    if (this.#late) this.#carryOut(this.#late, undefined);
  }

  async post(command: SystemCommand): Promise<Posting> {
    this.sent += 1;
    const fault = this.faults.shift();
    if (fault === 'UNREACHABLE') throw new SystemUnavailableError('MES');
    if (fault === 'NOT_DONE_AND_NO_ANSWER') {
      this.#late = command;
      throw new SystemTimeoutError('MES');
    }
    await this.gate;
    const posting = this.#postings.get(command.transitionId) ?? this.#carryOut(command, fault);
    if (fault === 'DONE_BUT_NO_ANSWER') throw new SystemTimeoutError('MES');
    return posting;
  }

  async postingOf(transitionId: string): Promise<Posting | null> {
    const fault = this.faults.shift();
    if (fault && fault !== 'REFUSES') throw new SystemUnavailableError('MES');
    return this.#postings.get(transitionId) ?? null;
  }

  #carryOut(command: SystemCommand, fault: Fault | undefined): Posting {
    const posting = fault === 'REFUSES' ? refusal : this.#act(command);
    this.#postings.set(command.transitionId, posting);
    return posting;
  }

  #act({ name, transitionId }: SystemCommand): Posting {
    if (name === 'startPress' && this.state === 'RUNNING') return refusal;
    if (name === 'startPress') this.state = 'RUNNING';
    if (name === 'stopPress') this.state = 'IDLE';
    if (name === 'strokePress') this.strokes += 1;
    return {
      status: 'POSTED',
      document: `DOC-${transitionId}`,
      version: null,
      recordedAt: '2026-01-01T00:00:00.000Z',
      result: {},
    };
  }
}

const refusal: Posting = {
  status: 'REFUSED',
  code: 'PERIOD_CLOSED',
  message: 'The period is closed.',
  remediation: 'Ask finance to open it.',
};

export const pressId = entityId('BER', 'work-center', 'PRESS-1');
export const holdId = entityId('BER', 'hold', 'H1');

interface PressEntity {
  readonly state: 'IDLE' | 'RUNNING';
}

const machine = {
  states: ['IDLE', 'RUNNING'],
  actions: {
    start: { from: ['IDLE'], to: 'RUNNING' },
    stop: { from: ['RUNNING'], to: 'IDLE' },
    stroke: { from: ['IDLE', 'RUNNING'], to: 'SAME' },
  },
} as const;

function pressTransition(
  press: Press,
  action: 'start' | 'stop' | 'stroke',
): Transition<PressEntity, Record<string, never>> {
  const name = `${action}Press`;
  return {
    name,
    action,
    machine,
    checks: {},
    guards: [],
    load: async () => ({ state: press.state }),
    subject: ({ state }) => ({ id: pressId, plantCode: 'BER', line: null, partner: null, version: null, state }),
    touches: () => (action === 'stop' ? [] : [{ entities: [pressId], restriction: 'START_OPERATION' }]),
    command: ({ transitionId, actor, meta }) => ({
      name,
      transitionId,
      plantCode: 'BER',
      expectedVersion: null,
      actorId: actor.id,
      occurredAt: meta.occurredAt,
    }),
    effects: ({ transitionId, meta, actor, entity }) => ({
      toState: entity.state,
      events: [
        {
          id: `${transitionId}/started`,
          type: 'production.operation.started',
          source: '/plants/BER/mes',
          subject: pressId,
          plantCode: 'BER',
          line: null,
          partner: null,
          stateChange: null,
          occurredAt: meta.occurredAt,
          correlationId: meta.correlationId,
          causationId: null,
          actorId: actor.id,
          actorKind: actor.kind,
          data: { orderNo: '1', operationNo: '1', workCenterCode: 'PRESS-1' },
        },
      ],
    }),
  };
}

/** Puts an interlock on the press before the press is told, as a hold does. */
function lockTransition(): Transition<object, Record<string, never>> {
  const stroke = pressTransition(new Press(), 'stroke');
  return {
    ...stroke,
    name: 'lockPress',
    machine: null,
    checks: {},
    load: async () => ({}),
    subject: () => ({ id: holdId, plantCode: 'BER', line: null, partner: null, version: null, state: null }),
    touches: () => [],
    placeFirst: ({ transitionId, actor }) => [
      {
        kind: 'QUALITY_HOLD' satisfies Interlock['kind'],
        entityId: pressId,
        plantCode: 'BER',
        partner: null,
        cause: holdId,
        restrictions: ['START_OPERATION'],
        reason: 'Quality hold H1',
        placedBy: actor.name,
        placedByTransition: transitionId,
      },
    ],
    effects: () => ({ toState: 'PLACED', events: [] }),
  } as Transition<object, Record<string, never>>;
}

export function pressTransitions(press: Press): readonly AnyTransition[] {
  return [
    pressTransition(press, 'start'),
    pressTransition(press, 'stop'),
    pressTransition(press, 'stroke'),
    lockTransition(),
  ] as unknown as readonly AnyTransition[];
}

export const operator = somebody({ id: 'olga', name: 'Olga Operator', roles: ['OPERATOR'], plants: ['BER'] });

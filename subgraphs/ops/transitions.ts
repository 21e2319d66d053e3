import type { ExceptionCommand, ExceptionPort, ExceptionRow } from '../../connectors/ops/port.ts';
import { eventOf } from '../transitions/event-of.ts';
import { id } from '../transitions/input-checks.ts';
import type { Rejection } from '../transitions/rejection.ts';
import { type StateMachine, stateAfter } from '../transitions/state-machine.ts';
import type { AnyTransition, Subject, Transition } from '../transitions/transition.ts';
import { exceptionId, exceptionKey } from './keys.ts';

/**
 * An exception is OPEN when something did not get through and a person has to look, RETRYING after that person had it tried
 * again, RESOLVED when it has got through or a person has closed it. The workflows themselves take it from RETRYING back to
 * OPEN, and to RESOLVED. Nothing leaves RESOLVED.
 */
const exceptionMachine: StateMachine<ExceptionRow['state'], 'retry' | 'resolve'> = {
  states: ['OPEN', 'RETRYING', 'RESOLVED'],
  actions: {
    retry: { from: ['OPEN'], to: 'RETRYING' },
    resolve: { from: ['OPEN', 'RETRYING'], to: 'RESOLVED' },
  },
};

interface ExceptionInput {
  readonly exceptionId: string;
}

type ExceptionTransition = Transition<ExceptionRow, ExceptionInput, ExceptionCommand>;

export function createOpsTransitions(port: ExceptionPort): readonly AnyTransition[] {
  const retry: ExceptionTransition = {
    ...shared(port, 'retryException'),
    action: 'retry',
    effects: ({ entity }) => ({ events: [], toState: stateAfter(exceptionMachine, entity.state, 'retry') }),
  };
  const resolve: ExceptionTransition = {
    ...shared(port, 'resolveException'),
    action: 'resolve',
    reasonRequired: true,
    guards: [{ name: 'consequence', check: checkNotNeeded }],
    effects: (call) => ({
      toState: stateAfter(exceptionMachine, call.entity.state, 'resolve'),
      events: [
        eventOf(call, {
          ...placeOf(call.entity),
          type: 'exception.resolved',
          system: 'ANDON',
          stateChange: `${call.entity.state}>RESOLVED`,
          data: {
            exceptionId: call.entity.id,
            workflow: call.entity.workflow,
            resolution: call.meta.reason?.text ?? '',
          },
        }),
      ],
    }),
  };
  return [retry, resolve];
}

/** What only these workflows can do: closed, a lot would stay held for ever, and nobody could release it. */
export const onlyRetried: readonly string[] = [
  'place-hold-when-inspection-fails',
  'release-stock-when-disposition-approved',
];

function checkNotNeeded({ workflow }: ExceptionRow): readonly Rejection[] {
  if (!onlyRetried.includes(workflow)) return [];
  return [
    {
      code: 'RETRY_NEEDED',
      system: 'ANDON',
      guard: 'consequence',
      message: `Only ${workflow} can do what is missing: closed, what is held would stay held for ever.`,
      remediation: 'Remove what stands in its way, then retry it.',
      blockingRef: null,
    },
  ];
}

function shared(port: ExceptionPort, name: ExceptionCommand['name']) {
  return {
    name,
    machine: exceptionMachine,
    checks: { exceptionId: id },
    load: async ({ exceptionId: id }: ExceptionInput) => {
      const key = exceptionKey(id);
      const row = key === null ? undefined : (await port.exceptionsByIds([key])).get(key);
      return row && exceptionId(row) === id ? row : null;
    },
    subject: (row: ExceptionRow): Subject => ({
      id: exceptionId(row),
      plantCode: row.plantCode,
      line: row.line,
      partner: row.partner,
      version: row.version,
      state: row.state,
    }),
    touches: () => [],
    guards: [],
    command: ({ entity, meta }) => ({
      name,
      plantCode: entity.plantCode,
      expectedVersion: meta.expectedVersion,
      exceptionId: entity.id,
      resolution: meta.reason?.text ?? null,
    }),
  } satisfies Omit<ExceptionTransition, 'action' | 'effects'>;
}

function placeOf(row: ExceptionRow) {
  const { plantCode, line, partner } = row;
  return { subject: exceptionId(row), plantCode, line, partner };
}

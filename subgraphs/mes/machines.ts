import type { DowntimeState, OperationState } from '../../connectors/mes/port.ts';
import type { StateMachine } from '../transitions/state-machine.ts';

const operationStates: readonly OperationState[] = [
  'NOT_ALLOWED_TO_START',
  'ALLOWED_TO_START',
  'RUNNING',
  'HELD',
  'SUSPENDED',
  'ENDED',
  'ABORTED',
];

/**
 * An operation on the shop floor, in the words of OPC UA Job Control: HELD and SUSPENDED are its Interrupted.
 *
 * - ALLOWED_TO_START: entered by `dispatch`, and when the last cause lets go of NOT_ALLOWED_TO_START; left by `start`,
 *   by `hold`, and by `abort`: what comes after an aborted step does not begin.
 * - NOT_ALLOWED_TO_START: something holds it before it has begun; left when the last cause lets go, and by `abort`.
 * - RUNNING: entered by `start` and `resume`; left by `pause`, `hold`, `complete` and `abort`.
 * - HELD: entered by `hold` from RUNNING and SUSPENDED; further causes add up. Left to SUSPENDED when the last cause lets
 *   go, since a person resumes what a constraint interrupted, and by `abort`.
 * - SUSPENDED: entered by `pause`, and from HELD; left by `resume`, `hold` and `abort`.
 * - ENDED, ABORTED: final.
 *
 * `unhold` for a cause that does not hold the operation changes nothing, in any state: a workflow may repeat it.
 */
export const operationMachine: StateMachine<
  OperationState,
  'dispatch' | 'start' | 'pause' | 'resume' | 'complete' | 'abort' | 'hold' | 'unhold' | 'consume'
> = {
  states: operationStates,
  actions: {
    dispatch: { from: [null], to: 'ALLOWED_TO_START' },
    start: { from: ['ALLOWED_TO_START'], to: 'RUNNING' },
    pause: { from: ['RUNNING'], to: 'SUSPENDED' },
    resume: { from: ['SUSPENDED'], to: 'RUNNING' },
    complete: { from: ['RUNNING'], to: 'ENDED' },
    abort: { from: ['NOT_ALLOWED_TO_START', 'ALLOWED_TO_START', 'RUNNING', 'HELD', 'SUSPENDED'], to: 'ABORTED' },
    hold: {
      from: ['NOT_ALLOWED_TO_START', 'ALLOWED_TO_START', 'RUNNING', 'HELD', 'SUSPENDED'],
      to: ['NOT_ALLOWED_TO_START', 'HELD'],
    },
    unhold: { from: operationStates, to: operationStates },
    consume: { from: ['RUNNING'], to: 'SAME' },
  },
};

/** A downtime is OPEN from its report until it is ended. ENDED is final: an asset that stops again has another downtime. */
export const downtimeMachine: StateMachine<DowntimeState, 'report' | 'end'> = {
  states: ['OPEN', 'ENDED'],
  actions: {
    report: { from: [null], to: 'OPEN' },
    end: { from: ['OPEN'], to: 'ENDED' },
  },
};

import { mayAct, type StateMachine } from '../../subgraphs/transitions/state-machine.ts';

/** @returns whether `action` may lead from one state to the other */
export function mayLead<State extends string, Action extends string>(
  machine: StateMachine<State, Action>,
  from: State | null,
  action: Action,
  to: State,
): boolean {
  if (!mayAct(machine, from, action)) return false;
  const declared = machine.actions[action].to;
  if (typeof declared === 'string') return to === (declared === 'SAME' ? from : declared);
  return declared.includes(to);
}

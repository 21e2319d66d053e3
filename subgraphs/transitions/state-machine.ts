/**
 * A state machine as data: each action, the states in which it is allowed, and where it leads. `null` as a `from` is
 * the state before the thing exists; `to` may be `'SAME'` where the action changes no state, and several states where the
 * owner decides which: an order is resumed into the state that it was held in.
 */
export interface StateMachine<State extends string, Action extends string> {
  readonly states: readonly State[];
  readonly actions: Readonly<
    Record<Action, { readonly from: readonly (State | null)[]; readonly to: State | 'SAME' | readonly State[] }>
  >;
}

export function mayAct<State extends string, Action extends string>(
  machine: StateMachine<State, Action>,
  state: State | null,
  action: Action,
): boolean {
  return machine.actions[action].from.includes(state);
}

/** @returns the state after `action`; asking for it where `mayAct` is false, or the owner decides, is our bug */
export function stateAfter<State extends string, Action extends string>(
  machine: StateMachine<State, Action>,
  state: State | null,
  action: Action,
): State {
  if (!mayAct(machine, state, action)) throw new Error(`No ${action} from ${state ?? 'nothing'}: check mayAct first.`);
  const { to } = machine.actions[action];
  if (typeof to !== 'string') throw new Error(`${action} leads to one of ${to.join(', ')}: the owner says which.`);
  if (to !== 'SAME') return to;
  if (state === null) throw new Error(`${action} creates something, so it cannot leave the state as it is.`);
  return state;
}

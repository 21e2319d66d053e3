import type { EntityId } from '../../journal/entity-ref.ts';
import type { Rule, RuleGraph } from '../rule.ts';
import { acknowledge, acknowledgeFailure, counted, reasonOf } from '../rule-parts/acknowledge-hold.ts';
import { forbids, lotsIn, ofType, standsOn, stockedLotsOf, workCentersIn } from '../rule-parts/hold-reach.ts';
import { holdOperationsLane } from '../rule-parts/lanes.ts';
import { begunOperationsOf, begunStates, heldOperations, holdAll } from '../rule-parts/operations-in-mes.ts';
import { readAllOf } from '../rule-parts/read-all.ts';

/**
 * The MES interrupts what runs on, or with, what is held (W5), and that is its acknowledgement. What may only not leave the
 * plant goes on being made.
 */
export const holdOperationsWhenHoldPlaced: Rule<'quality.hold.placed'> = {
  name: 'hold-operations-when-hold-placed',
  on: ['quality.hold.placed'],
  lanes: (event) => [holdOperationsLane(event.plantCode, event.data.holdNo)],
  verdicts: {
    // It ended before the hold: nothing runs any more.
    holdOperation: { STATE_NOT_ALLOWED: 'DONE', NOT_FOUND: 'DONE' },
    acknowledgeHold: { STATE_NOT_ALLOWED: 'DONE' },
  },
  async react(event, graph) {
    const ids = standsOn(event.data);
    const cause = { causeRef: event.subject, reason: reasonOf(event) };
    // What the MES knows alone is held although the ERP or the CMMS may not answer for the rest.
    const parts = [() => begunOperationsOf(graph, ids), () => usersOfLots(graph, ids), () => onAssets(graph, ids)];
    const stopsWork = forbids(event.data, 'START_OPERATION', 'COMPLETE_OPERATION', 'CONSUME');
    await graph.each(stopsWork ? parts : [], async (find) => holdAll(graph, await find(), cause));
    const { length } = await heldOperations(graph, event.plantCode, event.subject);
    const message =
      length === 0 ? 'Nothing of it was running.' : `In the MES: ${counted(length, 'operation', 'operations')} held.`;
    await acknowledge(graph, event, 'MES', message);
  },
  whenStuck: (event, graph, { message }) => acknowledgeFailure(graph, event, 'MES', message),
};

interface UsingOperation {
  readonly id: EntityId;
  readonly executionState: { readonly code: string };
}

/** Begun operations that have used a lot, or what a held order has made; the way to a lot is through the ERP. */
async function usersOfLots(graph: RuleGraph, ids: readonly EntityId[]): Promise<readonly EntityId[]> {
  const found = new Set<EntityId>();
  for (const id of [...(await lotsIn(graph, ids)), ...(await stockedLotsOf(graph, ids))]) {
    const operations = await readAllOf<UsingOperation>(graph, id, 'operations', 'id executionState { code }');
    for (const one of operations) if (begunStates.includes(one.executionState.code)) found.add(one.id);
  }
  return [...found];
}

/** Begun operations on the work centers that an asset is assigned to. */
async function onAssets(graph: RuleGraph, ids: readonly EntityId[]): Promise<readonly EntityId[]> {
  return begunOperationsOf(graph, await workCentersIn(graph, ofType(ids, 'asset')));
}

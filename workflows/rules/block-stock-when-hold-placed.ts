import type { EntityId } from '../../journal/entity-ref.ts';
import type { Rule, RuleGraph } from '../rule.ts';
import { acknowledge, acknowledgeFailure, counted, type HoldPlaced, reasonOf } from '../rule-parts/acknowledge-hold.ts';
import { closeCapacity } from '../rule-parts/capacity.ts';
import {
  deliveriesIn,
  forbids,
  type HeldInErp,
  heldInErp,
  lotsIn,
  ofType,
  standsOn,
  stockedLotsOf,
  workCentersIn,
} from '../rule-parts/hold-reach.ts';
import { holdStockLane } from '../rule-parts/lanes.ts';

/**
 * The ERP blocks what the hold forbids to use (W5): the stock of held lots, the free stock of held materials and orders, the
 * deliveries that it is allocated to, and the capacity of held work centers and of those that held assets are assigned to. Its
 * acknowledgement says what of that it has done.
 */
export const blockStockWhenHoldPlaced: Rule<'quality.hold.placed'> = {
  name: 'block-stock-when-hold-placed',
  on: ['quality.hold.placed'],
  lanes: (event) => [holdStockLane(event.plantCode, event.data.holdNo)],
  verdicts: {
    // It left before the hold, or it is gone: there is nothing to block.
    setDeliveryBlock: { STATE_NOT_ALLOWED: 'DONE', NOT_FOUND: 'DONE' },
    changeStockStatus: { NOT_FOUND: 'DONE' },
    setWorkCenterCapacity: { NOT_FOUND: 'DONE' },
    // Released meanwhile, so nobody waits for the acknowledgement.
    acknowledgeHold: { STATE_NOT_ALLOWED: 'DONE' },
  },
  async react(event, graph) {
    // Stock is blocked although the CMMS may not say where an asset stands.
    await graph.each([blockStock, closeHeldCapacity], (part) => part(event, graph));
    await acknowledge(graph, event, 'ERP', inWords(await heldInErp(graph, event.plantCode, event.subject)));
  },
  whenStuck: (event, graph, { message }) => acknowledgeFailure(graph, event, 'ERP', message),
};

interface Step {
  readonly step: string;
  readonly mutation: string;
  readonly input: Readonly<Record<string, unknown>>;
}

async function blockStock(event: HoldPlaced, graph: RuleGraph): Promise<void> {
  if (!forbids(event.data, 'CONSUME', 'MOVE', 'PICK', 'SHIP')) return;
  const causeRef = event.subject;
  const ids = standsOn(event.data);
  const named = ofType(ids, 'lot');
  const around = [...(await lotsIn(graph, ids)), ...(await stockedLotsOf(graph, ids))];
  const others = [...new Set(around)].filter((id) => !named.includes(id));
  const deliveries = await deliveriesIn(graph, ids, [...named, ...others]);
  const block = (lotId: EntityId, fromStockType: string | null): Step => ({
    step: `block ${lotId}`,
    mutation: 'changeStockStatus',
    input: { lotId, toStockType: 'BLOCKED', ...(fromStockType && { fromStockType }), causeRef },
  });
  const steps: readonly Step[] = [
    ...named.map((lotId) => block(lotId, null)),
    // Of a material or an order only what is free: stock that waits for quality goes on waiting, and nobody has decided about
    // it when the hold ends.
    ...others.map((lotId) => block(lotId, 'UNRESTRICTED')),
    ...deliveries.map((deliveryId) => ({
      step: `block ${deliveryId}`,
      mutation: 'setDeliveryBlock',
      input: { deliveryId, causeRef },
    })),
  ];
  const reason = reasonOf(event);
  await graph.each(steps, ({ mutation, input, step }) => graph.transition(mutation, input, { step, reason }));
}

async function closeHeldCapacity(event: HoldPlaced, graph: RuleGraph): Promise<void> {
  if (!forbids(event.data, 'START_OPERATION', 'SCHEDULE')) return;
  const workCenters = await workCentersIn(graph, standsOn(event.data));
  await closeCapacity(graph, workCenters, { causeRef: event.subject, reason: reasonOf(event) });
}

/** Read back from the ERP: what it has not done, nobody says that it has. */
function inWords({ lots, deliveries, workCenters }: HeldInErp): string {
  const parts = [
    lots.length > 0 && `stock of ${counted(lots.length, 'lot', 'lots')} blocked`,
    deliveries.length > 0 && `${counted(deliveries.length, 'delivery', 'deliveries')} blocked`,
    workCenters.length > 0 && `capacity of ${counted(workCenters.length, 'work center', 'work centers')} closed`,
  ].filter((part) => part !== false);
  return parts.length === 0 ? 'Nothing in the ERP to block.' : `In the ERP: ${parts.join(', ')}.`;
}

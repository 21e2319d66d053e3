import { type EntityId, entityId } from '../../journal/entity-ref.ts';
import type { Rule, RuleGraph } from '../rule.ts';
import { stockLane } from './block-stock-when-hold-placed.ts';
import { operationLane } from './hold-operations-when-hold-placed.ts';
import { heldInErp, materialOf } from './hold-reach.ts';
import { unholdEverything } from './operations-in-mes.ts';

/** Steps that carry out a disposition. A refusal of any other step says nothing about the systems. */
const carryingOut = /^(keep|unrestrict|unhold|unblock|reopen) /;

/**
 * Every system lets go, and only then the hold is lifted: the last step here is the only thing in Andon that lifts one (W6).
 * Whatever is refused on the way leaves the hold where it is.
 */
export const releaseStockWhenDispositionApproved: Rule<'quality.disposition.approved'> = {
  name: 'release-stock-when-disposition-approved',
  on: ['quality.disposition.approved'],
  // First whatever the hold itself still has to do: released stock must not be blocked by a straggler.
  lanes: ({ plantCode, data }) => [stockLane(plantCode, data.holdNo), operationLane(plantCode, data.holdNo)],
  verdicts: {
    // The operation ended, or the delivery left, for another reason meanwhile.
    unholdOperation: { STATE_NOT_ALLOWED: 'DONE', NOT_FOUND: 'DONE' },
    removeDeliveryBlock: { STATE_NOT_ALLOWED: 'DONE', NOT_FOUND: 'DONE' },
    setWorkCenterCapacity: { NOT_FOUND: 'DONE' },
    changeStockStatus: { STATE_NOT_ALLOWED: 'EXCEPTION', LOT_STATUS_INVALID: 'EXCEPTION' },
  },
  async react({ plantCode, data }, graph) {
    const holdId = entityId(plantCode, 'hold', data.holdNo);
    const dispositionId = entityId(plantCode, 'disposition', data.dispositionNo);
    const held = await heldInErp(graph, plantCode, holdId);
    // What will not be used must not be shipped either: its stock and deliveries stay blocked.
    if (data.decision === 'USE_AS_IS') {
      await graph.each([...new Set([...data.lots, ...held.lots])], (lotId) =>
        unrestrict(graph, { lotId, holdId, isDecided: data.lots.includes(lotId) }),
      );
      await graph.each(held.deliveries, (deliveryId) =>
        graph.transition('removeDeliveryBlock', { deliveryId, causeRef: holdId }, { step: `unblock ${deliveryId}` }),
      );
    }
    await unholdEverything(graph, plantCode, holdId);
    await graph.each(held.workCenters, (workCenterId) =>
      graph.transition(
        'setWorkCenterCapacity',
        { workCenterId, capacityStatus: 'AVAILABLE', causeRef: holdId },
        { step: `reopen ${workCenterId}` },
      ),
    );
    await graph.transition('settleDisposition', { dispositionId, outcome: 'EFFECTIVE' }, { step: 'settle' });
    await graph.transition('releaseHold', { holdId, dispositionId }, { step: 'release' });
  },
  async whenStuck({ plantCode, data }, graph, problem) {
    if (problem.kind !== 'REFUSED' || !carryingOut.test(problem.step)) return;
    const dispositionId = entityId(plantCode, 'disposition', data.dispositionNo);
    const { system, message } = problem;
    const input = { dispositionId, outcome: 'POSTING_FAILED', system, message };
    await graph.transition('settleDisposition', input, { step: 'settle-failure', reason: message });
  },
};

interface Release {
  readonly lotId: EntityId;
  readonly holdId: EntityId;
  /** Whether two people have decided about this lot by name: then all of its stock is good. */
  readonly isDecided: boolean;
}

/**
 * Ends what the hold is a cause of. The ERP frees stock when its last cause has ended, so a cause that it may not have been
 * told of yet is told first.
 */
async function unrestrict(graph: RuleGraph, { lotId, holdId, isDecided }: Release): Promise<void> {
  for (const causeRef of await otherHolds(graph, lotId, holdId)) {
    const keep = { lotId, toStockType: 'BLOCKED', fromStockType: 'UNRESTRICTED', causeRef };
    await graph.transition('changeStockStatus', keep, { step: `keep ${lotId} for ${causeRef}` });
  }
  const free = {
    lotId,
    toStockType: 'UNRESTRICTED',
    ...(!isDecided && { fromStockType: 'BLOCKED' }),
    causeRef: holdId,
  };
  await graph.transition('changeStockStatus', free, { step: `unrestrict ${lotId}` });
}

interface InterlocksAnswer {
  readonly interlocks: { readonly nodes: readonly { readonly kind: string; readonly cause: string }[] };
}

/** Interlocks know of a hold before the QMS and the ERP do, and when neither can be asked. */
async function otherHolds(graph: RuleGraph, lotId: EntityId, holdId: EntityId): Promise<readonly string[]> {
  const document = 'query Interlocks($ids: [ID!]) { interlocks(filter: { entities: $ids }) { nodes { kind cause } } }';
  const ids = [lotId, materialOf(lotId)].filter((id) => id !== null);
  const { interlocks } = await graph.read<InterlocksAnswer>(document, { ids });
  const causes = interlocks.nodes.filter(({ kind, cause }) => kind === 'QUALITY_HOLD' && cause !== holdId);
  return [...new Set(causes.map(({ cause }) => cause))];
}

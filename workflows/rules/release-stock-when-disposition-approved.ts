import { type EntityId, entityId } from '../../journal/entity-ref.ts';
import type { Rule, RuleGraph } from '../rule.ts';
import { reopenCapacity } from '../rule-parts/capacity.ts';
import { heldInErp } from '../rule-parts/hold-reach.ts';
import { holdOperationsLane, holdStockLane, lotStockLane } from '../rule-parts/lanes.ts';
import { unholdEverything } from '../rule-parts/operations-in-mes.ts';
import { inspectionsOf, isOpen, otherDecisions, otherHolds } from '../rule-parts/stock-of-lot.ts';

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
  lanes: ({ plantCode, data }) => [
    holdStockLane(plantCode, data.holdNo),
    holdOperationsLane(plantCode, data.holdNo),
    ...data.lots.map(lotStockLane),
  ],
  verdicts: {
    // The operation ended, or the delivery left, for another reason meanwhile.
    unholdOperation: { STATE_NOT_ALLOWED: 'DONE', NOT_FOUND: 'DONE' },
    removeDeliveryBlock: { STATE_NOT_ALLOWED: 'DONE', NOT_FOUND: 'DONE' },
    setWorkCenterCapacity: { NOT_FOUND: 'DONE' },
    // A lot that the ERP does not know has no stock there.
    changeStockStatus: { STATE_NOT_ALLOWED: 'EXCEPTION', LOT_STATUS_INVALID: 'EXCEPTION', NOT_FOUND: 'DONE' },
  },
  async react({ plantCode, data }, graph) {
    const holdId = entityId(plantCode, 'hold', data.holdNo);
    const dispositionId = entityId(plantCode, 'disposition', data.dispositionNo);
    const held = await heldInErp(graph, plantCode, holdId);
    // What will not be used must not be shipped either: its stock and deliveries stay blocked.
    if (data.decision === 'USE_AS_IS' || data.decision === 'REWORK') {
      const change = data.decision === 'REWORK' ? keepForRework : unrestrict;
      await graph.each([...new Set([...data.lots, ...held.lots])], (lotId) =>
        change(graph, { lotId, holdId, isDecided: data.lots.includes(lotId) }),
      );
      await graph.each(held.deliveries, (deliveryId) =>
        graph.transition('removeDeliveryBlock', { deliveryId, causeRef: holdId }, { step: `unblock ${deliveryId}` }),
      );
    }
    await unholdEverything(graph, plantCode, holdId);
    await reopenCapacity(graph, held.workCenters, holdId);
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
  const others = await otherHolds(graph, lotId, holdId);
  if (isDecided) await keepForInspection(graph, { lotId, holdId, isHeldBesides: others.length > 0 });
  for (const causeRef of others) {
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

/** What is reworked is inspected anew, and its stock waits for that: the hold that ends does not keep it any longer. */
async function keepForRework(graph: RuleGraph, { lotId, holdId }: Release): Promise<void> {
  const others = await otherHolds(graph, lotId, holdId);
  const { isGone } = await otherDecisions(graph, lotId, holdId);
  await waitForQuality(graph, lotId, isGone || others.length > 0);
  const end = { lotId, toStockType: 'UNRESTRICTED', causeRef: holdId };
  await graph.transition('changeStockStatus', end, { step: `keep ${lotId} no longer for its hold` });
}

/** @param isHeldBesides what another hold has blocked stays blocked */
async function waitForQuality(graph: RuleGraph, lotId: EntityId, isHeldBesides: boolean): Promise<void> {
  const fromStockType = isHeldBesides ? { fromStockType: 'UNRESTRICTED' } : {};
  const keep = { lotId, toStockType: 'QUALITY_INSPECTION', ...fromStockType, causeRef: lotId };
  await graph.transition('changeStockStatus', keep, { step: `keep ${lotId} for its inspection` });
}

interface Kept extends Pick<Release, 'lotId' | 'holdId'> {
  readonly isHeldBesides: boolean;
}

/**
 * The disposition has not decided about the rest of the inspection, and the ERP alone would ship what is free: until the
 * inspection is decided the lot itself is a cause, and its stock waits for quality. A rejection or a rework that kept it so
 * before is overruled.
 */
async function keepForInspection(graph: RuleGraph, { lotId, holdId, isHeldBesides }: Kept): Promise<void> {
  const inspections = await inspectionsOf(graph, lotId);
  const { rework, isGone } = await otherDecisions(graph, lotId, holdId);
  if (inspections.some(isOpen) || rework === 'PENDING') {
    await waitForQuality(graph, lotId, isGone || isHeldBesides);
  } else if (rework === 'OVERRULED' || inspections.some(({ decision }) => decision === 'REJECTED')) {
    const end = { lotId, toStockType: 'UNRESTRICTED', causeRef: lotId };
    await graph.transition('changeStockStatus', end, { step: `keep ${lotId} no longer for its inspection` });
  }
}

import { type EntityId, entityId } from '../../journal/entity-ref.ts';
import type { Rule, RuleGraph } from '../rule.ts';
import { stockLane } from './block-stock-when-hold-placed.ts';
import { operationLane } from './hold-operations-when-hold-placed.ts';
import { type HeldStock, standsOn, stockInReach } from './hold-reach.ts';
import { unholdEverything } from './operations-in-mes.ts';

interface Hold {
  readonly scope: EntityId;
  readonly affected: readonly EntityId[] | null;
}

/** Steps that carry out a disposition. A refusal of any other step says nothing about the systems. */
const carryingOut = /^(unrestrict|block again|unhold|unblock) /;

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
    changeStockStatus: { STATE_NOT_ALLOWED: 'EXCEPTION', LOT_STATUS_INVALID: 'EXCEPTION' },
  },
  async react({ plantCode, data }, graph) {
    const holdId = entityId(plantCode, 'hold', data.holdNo);
    const dispositionId = entityId(plantCode, 'disposition', data.dispositionNo);
    const ids = [...new Set([...standsOn(await readHold(graph, holdId)), ...data.lots])];
    const stock = await stockInReach(graph, ids);
    const isUsable = data.decision === 'USE_AS_IS';
    if (isUsable) await graph.each(data.lots, (lotId) => unrestrict(graph, { lotId, holdId, dispositionId }));
    await unholdEverything(graph, plantCode, holdId);
    // What will not be used must not be shipped either: its deliveries stay blocked until they get other lots.
    if (isUsable) await unblockDeliveries(graph, stock, holdId);
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

async function readHold(graph: RuleGraph, id: EntityId) {
  const document = 'query Hold($id: ID!) { qualityHold(id: $id) { scope affected } }';
  const { qualityHold } = await graph.read<{ readonly qualityHold: Hold | null }>(document, { id });
  if (!qualityHold) throw new Error(`The QMS has approved a disposition of ${id}, and does not know that hold.`);
  return { scope: qualityHold.scope, affected: qualityHold.affected ?? [] };
}

interface Release {
  readonly lotId: EntityId;
  readonly holdId: EntityId;
  readonly dispositionId: EntityId;
}

/** Stock that another hold stands on stays blocked, also when that hold comes while this is being done. */
async function unrestrict(graph: RuleGraph, { lotId, holdId, dispositionId }: Release): Promise<void> {
  if (await otherHold(graph, lotId, holdId)) return;
  const free = { lotId, toStockType: 'UNRESTRICTED', causeRef: dispositionId };
  await graph.transition('changeStockStatus', free, { step: `unrestrict ${lotId}` });
  const causeRef = await otherHold(graph, lotId, holdId);
  if (!causeRef) return;
  const again = { lotId, toStockType: 'BLOCKED', causeRef };
  await graph.transition('changeStockStatus', again, { step: `block again ${lotId} ${causeRef}` });
}

interface InterlocksAnswer {
  readonly interlocks: { readonly nodes: readonly { readonly kind: string; readonly cause: string }[] };
}

/** Interlocks know of a hold before the QMS does, and when the QMS cannot be asked. */
async function otherHold(graph: RuleGraph, lotId: EntityId, holdId: EntityId): Promise<string | null> {
  const document = 'query Interlocks($ids: [ID!]) { interlocks(filter: { entities: $ids }) { nodes { kind cause } } }';
  const { interlocks } = await graph.read<InterlocksAnswer>(document, { ids: [lotId] });
  const other = interlocks.nodes.find(({ kind, cause }) => kind === 'QUALITY_HOLD' && cause !== holdId);
  return other?.cause ?? null;
}

async function unblockDeliveries(graph: RuleGraph, { deliveries }: HeldStock, causeRef: EntityId): Promise<void> {
  const blocked = deliveries.filter(({ blocks }) => blocks.some(({ cause }) => cause === causeRef));
  await graph.each(blocked, ({ id: deliveryId }) =>
    graph.transition('removeDeliveryBlock', { deliveryId, causeRef }, { step: `unblock ${deliveryId}` }),
  );
}

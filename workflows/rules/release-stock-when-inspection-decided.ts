import type { EntityId } from '../../journal/entity-ref.ts';
import type { Rule, RuleGraph } from '../rule.ts';
import { lotStockLane } from '../rule-parts/lanes.ts';
import { inspectionsOf, isOpen, otherHolds } from '../rule-parts/stock-of-lot.ts';

/**
 * What waits in the ERP for quality is free once every inspection of the lot is passed (R121). A lot on hold stays blocked:
 * then the ERP is told that nothing but the hold keeps it. After a rejection only a disposition frees anything.
 */
export const releaseStockWhenInspectionDecided: Rule<'quality.inspection.decided'> = {
  name: 'release-stock-when-inspection-decided',
  on: ['quality.inspection.decided'],
  lanes: ({ subject, data }) => [lotStockLane(data.lot ?? subject)],
  // A lot that the ERP does not know has no stock there.
  verdicts: { changeStockStatus: { NOT_FOUND: 'DONE' } },
  async react({ data: { lot: lotId } }, graph) {
    if (lotId === null || !(await isPassed(graph, lotId))) return;
    for (const causeRef of await otherHolds(graph, lotId, null)) {
      const keep = { lotId, toStockType: 'BLOCKED', fromStockType: 'QUALITY_INSPECTION', causeRef };
      await graph.transition('changeStockStatus', keep, { step: `keep ${lotId} for ${causeRef}` });
    }
    const free = { lotId, toStockType: 'UNRESTRICTED', fromStockType: 'QUALITY_INSPECTION', causeRef: lotId };
    await graph.transition('changeStockStatus', free, { step: `unrestrict ${lotId}` });
  },
};

interface LotAnswer {
  readonly lot: { readonly qualityState: string | null } | null;
}

/** Below a hold nobody sees whether a disposition has overruled a rejection: then it is taken to stand. */
async function isPassed(graph: RuleGraph, lotId: EntityId): Promise<boolean> {
  const document = 'query QualityOfLot($id: ID!) { lot(id: $id) { qualityState } }';
  const { lot } = await graph.read<LotAnswer>(document, { id: lotId });
  const inspections = await inspectionsOf(graph, lotId);
  if (inspections.some(isOpen)) return false;
  if (lot?.qualityState !== 'HELD')
    return lot?.qualityState === 'RELEASED' || lot?.qualityState === 'CONDITIONALLY_RELEASED';
  return inspections.every(({ decision }) => decision !== 'REJECTED');
}

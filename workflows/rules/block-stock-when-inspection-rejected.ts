import type { Rule } from '../rule.ts';
import { lotStockLane } from '../rule-parts/lanes.ts';

/**
 * What quality has rejected is not free for use in the ERP either, whether or not a hold stands on it (R116, R178). The lot
 * itself is the cause, until a disposition overrules the rejection.
 */
export const blockStockWhenInspectionRejected: Rule<'quality.inspection.decided'> = {
  name: 'block-stock-when-inspection-rejected',
  on: ['quality.inspection.decided'],
  lanes: ({ subject, data }) => [lotStockLane(data.lot ?? subject)],
  // A lot that the ERP does not know has no stock there.
  verdicts: { changeStockStatus: { NOT_FOUND: 'DONE' } },
  async react({ data: { lot: lotId, decision } }, graph) {
    if (lotId === null || decision !== 'REJECTED') return;
    const input = { lotId, toStockType: 'BLOCKED', causeRef: lotId };
    await graph.transition('changeStockStatus', input, { step: `block ${lotId}` });
  },
};

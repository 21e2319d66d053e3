import type { EventData } from '../../journal/catalogue.ts';
import { entityId } from '../../journal/entity-ref.ts';
import type { Rule } from '../rule.ts';

type Failure = EventData['quality.inspection.failed'];

/**
 * Whatever was made under a failed check is held, and a case is opened (W3). The interlock stands since the result was
 * recorded; this makes it a hold of the QMS, under the number that the interlock already names.
 */
export const placeHoldWhenInspectionFails: Rule<'quality.inspection.failed'> = {
  name: 'place-hold-when-inspection-fails',
  on: ['quality.inspection.failed'],
  async react({ plantCode, subject, data }, graph) {
    const { inspectionLotNo, characteristic, sampleNo, lot, orderNo, operationNo } = data;
    const orderId = orderNo === null ? null : entityId(plantCode, 'production-order', orderNo);
    const operationId =
      orderNo === null || operationNo === null ? null : entityId(plantCode, 'operation', orderNo, operationNo);
    const holdNo = `QH-${inspectionLotNo}-${characteristic}-${sampleNo}`;
    const input = {
      scope: lot ?? orderId ?? subject,
      holdNo,
      inspectionLotId: entityId(plantCode, 'inspection-lot', inspectionLotNo),
      lotId: lot,
      orderId,
      operationId,
    };
    const reason = describe(data);
    await graph.transition('placeHold', input, { step: 'hold', reason });
    const holdId = entityId(plantCode, 'hold', holdNo);
    const nonconformance = { holdId, lotId: lot, severity: 'MAJOR', description: reason };
    await graph.transition('raiseNonconformance', nonconformance, { step: 'nonconformance', reason });
  },
};

function describe({ characteristic, value, limits, inspectionLotNo, sampleNo }: Failure): string {
  return `${characteristic} ${value} is outside ${limits} (inspection lot ${inspectionLotNo}, sample ${sampleNo}).`;
}

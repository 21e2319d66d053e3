import type { PortReads } from '../plant-router.ts';
import type { QmsPort } from './port.ts';

/** How each read of a QMS is asked when plants have systems of their own. */
export const qmsReads: PortReads<QmsPort> = {
  inspectionPlansByKeys: 'keys',
  inspectionLotsByKeys: 'keys',
  holdsByKeys: 'keys',
  dispositionsByKeys: 'keys',
  nonconformancesByKeys: 'keys',
  lotQualitiesByKeys: 'keys',
  orderQualitiesByKeys: 'keys',
  inspectionPlansOfMaterials: 'keys',
  inspectionLotsOfOrders: 'keys',
  inspectionLotsOfLots: 'keys',
  resultsOfInspectionLots: 'keys',
  holdsOfTargets: 'keys',
  dispositionsOfHolds: 'keys',
  nonconformancesOfHolds: 'keys',
  inspectionLots: 'list',
  holds: 'list',
  dispositions: 'list',
  nonconformances: 'list',
};

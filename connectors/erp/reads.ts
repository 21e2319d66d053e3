import type { PortReads } from '../plant-router.ts';
import type { ErpPort } from './port.ts';

/** How each read of an ERP is asked when plants have systems of their own. */
export const erpReads: PortReads<ErpPort> = {
  plantsByKeys: 'keys',
  linesByKeys: 'keys',
  workCentersByKeys: 'keys',
  materialsByKeys: 'keys',
  ordersByKeys: 'keys',
  operationsByKeys: 'keys',
  lotsByKeys: 'keys',
  deliveriesByKeys: 'keys',
  linesOfPlants: 'keys',
  workCentersOfLines: 'keys',
  deliveriesOfLots: 'keys',
  plants: 'list',
  workCenters: 'list',
  materials: 'list',
  orders: 'list',
  lots: 'list',
  deliveries: 'list',
};

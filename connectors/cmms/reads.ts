import type { PortReads } from '../plant-router.ts';
import type { CmmsPort } from './port.ts';

/** How each read of a CMMS is asked when plants have systems of their own. */
export const cmmsReads: PortReads<CmmsPort> = {
  assetsByKeys: 'keys',
  workOrdersByKeys: 'keys',
  partsOfAssets: 'keys',
  workOrdersOfAssets: 'keys',
  workOrdersOfDowntimes: 'keys',
  assignmentsOfAssets: 'keys',
  assignmentsOfWorkCenters: 'keys',
  assets: 'list',
  workOrders: 'list',
};

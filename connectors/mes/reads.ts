import type { PortReads } from '../plant-router.ts';
import type { MesPort } from './port.ts';

/** How each read of an MES is asked when plants have systems of their own. */
export const mesReads: PortReads<MesPort> = {
  operationsByKeys: 'keys',
  workCentersByKeys: 'keys',
  lotsByKeys: 'keys',
  downtimesByKeys: 'keys',
  operationsOfOrders: 'keys',
  openOperationsOfWorkCenters: 'keys',
  operationsOfLots: 'keys',
  consumptionsOfOperations: 'keys',
  downtimesOfAssets: 'keys',
  operations: 'list',
  downtimes: 'list',
};

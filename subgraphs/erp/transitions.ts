import type { ErpPort } from '../../connectors/erp/port.ts';
import type { AnyTransition } from '../transitions/transition.ts';
import { createConfirmationTransitions } from './confirmation-transitions.ts';
import { createDeliveryTransitions } from './delivery-transitions.ts';
import { createOrderTransitions } from './order-transitions.ts';
import { createStockTransitions } from './stock-transitions.ts';
import { createWorkCenterTransitions } from './work-center-transitions.ts';

/** Every way to change something in the ERP. */
export function createErpTransitions(port: ErpPort): readonly AnyTransition[] {
  return [
    ...createOrderTransitions(port),
    ...createConfirmationTransitions(port),
    ...createStockTransitions(port),
    ...createDeliveryTransitions(port),
    ...createWorkCenterTransitions(port),
  ];
}

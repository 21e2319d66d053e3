import type { DeliveryState, OrderState, OrderStateCommand } from './port.ts';

/**
 * The reference ERP's own rules, which hold whoever asks. An order is PLANNED when it is created and may be released or
 * cancelled; RELEASED it may be started, held or cancelled; IN_PROCESS held or completed; ON_HOLD only resumed, into the
 * state that it was held in. COMPLETED and CANCELLED are final.
 */
export const orderRules: Readonly<
  Record<OrderStateCommand['name'], { readonly from: readonly OrderState[]; readonly to: OrderState | 'HELD_FROM' }>
> = {
  releaseProductionOrder: { from: ['PLANNED'], to: 'RELEASED' },
  startProductionOrder: { from: ['RELEASED'], to: 'IN_PROCESS' },
  holdProductionOrder: { from: ['RELEASED', 'IN_PROCESS'], to: 'ON_HOLD' },
  resumeProductionOrder: { from: ['ON_HOLD'], to: 'HELD_FROM' },
  completeProductionOrder: { from: ['IN_PROCESS'], to: 'COMPLETED' },
  cancelProductionOrder: { from: ['PLANNED', 'RELEASED'], to: 'CANCELLED' },
};

/** What is confirmed was allowed to happen: nobody confirms work on an order that is not released, is held or is over. */
export const confirmableStates: readonly OrderState[] = ['RELEASED', 'IN_PROCESS'];

/** A delivery whose lots are allocated is picked, and what is picked is shipped. SHIPPED is final. */
export const deliveryRules = {
  pickDelivery: { from: ['ALLOCATED'], to: 'PICKED' },
  releaseShipment: { from: ['PICKED'], to: 'SHIPPED' },
} as const satisfies Readonly<
  Record<'pickDelivery' | 'releaseShipment', { readonly from: readonly DeliveryState[]; readonly to: DeliveryState }>
>;

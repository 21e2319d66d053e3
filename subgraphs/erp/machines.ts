import type { CapacityStatus, DeliveryState, OrderState } from '../../connectors/erp/port.ts';
import type { StateMachine } from '../transitions/state-machine.ts';

/**
 * A production order in the ERP.
 *
 * - PLANNED: entered by `create`; left by `release` and `cancel`. Nothing may happen yet.
 * - RELEASED: the shop floor may work on it; left by `start` when its first operation runs, by `hold`, by `cancel`.
 * - IN_PROCESS: left by `hold`, and by `complete` once every operation has ended and is confirmed, or was aborted.
 * - ON_HOLD: none of its operations is begun or gone on with; left only by `resume`, into the state in which it was held; the ERP remembers which.
 * - COMPLETED, CANCELLED: final.
 */
export const orderMachine: StateMachine<
  OrderState,
  'create' | 'release' | 'start' | 'hold' | 'resume' | 'complete' | 'cancel'
> = {
  states: ['PLANNED', 'RELEASED', 'IN_PROCESS', 'ON_HOLD', 'COMPLETED', 'CANCELLED'],
  actions: {
    create: { from: [null], to: 'PLANNED' },
    release: { from: ['PLANNED'], to: 'RELEASED' },
    start: { from: ['RELEASED'], to: 'IN_PROCESS' },
    hold: { from: ['RELEASED', 'IN_PROCESS'], to: 'ON_HOLD' },
    resume: { from: ['ON_HOLD'], to: ['RELEASED', 'IN_PROCESS'] },
    complete: { from: ['IN_PROCESS'], to: 'COMPLETED' },
    cancel: { from: ['PLANNED', 'RELEASED'], to: 'CANCELLED' },
  },
};

/**
 * What the ERP has been told of the end of an operation, which the MES reports.
 *
 * - UNCONFIRMED: as it is planned; left by `confirm`.
 * - CONFIRMED: final. A second confirmation would count the same pieces twice.
 */
export const confirmationMachine: StateMachine<'UNCONFIRMED' | 'CONFIRMED', 'confirm'> = {
  states: ['UNCONFIRMED', 'CONFIRMED'],
  actions: { confirm: { from: ['UNCONFIRMED'], to: 'CONFIRMED' } },
};

/**
 * A delivery in the ERP. A block is no state: a delivery keeps its state under any number of blocks.
 *
 * - PLANNED: it has no lots yet. The ERP allocates them by itself.
 * - ALLOCATED: left by `pick`.
 * - PICKED: left by `ship`.
 * - SHIPPED: final; it cannot be blocked any more.
 */
export const deliveryMachine: StateMachine<DeliveryState, 'pick' | 'ship' | 'block' | 'unblock'> = {
  states: ['PLANNED', 'ALLOCATED', 'PICKED', 'SHIPPED'],
  actions: {
    pick: { from: ['ALLOCATED'], to: 'PICKED' },
    ship: { from: ['PICKED'], to: 'SHIPPED' },
    block: { from: ['PLANNED', 'ALLOCATED', 'PICKED'], to: 'SAME' },
    unblock: { from: ['PLANNED', 'ALLOCATED', 'PICKED'], to: 'SAME' },
  },
};

const capacityStatuses: readonly CapacityStatus[] = ['AVAILABLE', 'REDUCED', 'UNAVAILABLE'];

/** What the ERP plans with at a work center: any state follows any other, by the worst of the causes that there are. */
export const capacityMachine: StateMachine<CapacityStatus, 'setCapacity'> = {
  states: capacityStatuses,
  actions: { setCapacity: { from: capacityStatuses, to: capacityStatuses } },
};

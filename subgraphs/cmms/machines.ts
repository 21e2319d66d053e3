import type { Availability, WorkOrderState } from '../../connectors/cmms/port.ts';
import type { StateMachine } from '../transitions/state-machine.ts';

type WorkOrderAction = 'request' | 'approve' | 'schedule' | 'start' | 'complete' | 'verify' | 'cancel';

/**
 * REQUESTED by anybody who may, it waits for approval. APPROVED it is scheduled, or started at once, because a breakdown
 * is not planned; SCHEDULED it may get another date. IN_PROGRESS it is completed and nothing else. WORK_COMPLETE it waits
 * for operations to verify it. VERIFIED and CANCELLED are final; only what has not begun is cancelled.
 */
export const workOrderMachine: StateMachine<WorkOrderState, WorkOrderAction> = {
  states: ['REQUESTED', 'APPROVED', 'SCHEDULED', 'IN_PROGRESS', 'WORK_COMPLETE', 'VERIFIED', 'CANCELLED'],
  actions: {
    request: { from: [null], to: 'REQUESTED' },
    approve: { from: ['REQUESTED'], to: 'APPROVED' },
    schedule: { from: ['APPROVED', 'SCHEDULED'], to: 'SCHEDULED' },
    start: { from: ['APPROVED', 'SCHEDULED'], to: 'IN_PROGRESS' },
    complete: { from: ['IN_PROGRESS'], to: 'WORK_COMPLETE' },
    verify: { from: ['WORK_COMPLETE'], to: 'VERIFIED' },
    cancel: { from: ['REQUESTED', 'APPROVED', 'SCHEDULED'], to: 'CANCELLED' },
  },
};

type AssetAction = 'setAvailability' | 'recover' | 'degrade' | 'breakDown' | 'takeDown' | 'repair' | 'retire';

const inUse: readonly Availability[] = ['UP', 'DEGRADED', 'DOWN_UNPLANNED', 'DOWN_PLANNED', 'IN_REPAIR'];

/**
 * UP and DEGRADED lead to each other. From both an asset breaks down (DOWN_UNPLANNED) or is taken down (DOWN_PLANNED).
 * What is down is repaired (IN_REPAIR), or runs again without; what was in repair is UP or DEGRADED again. Every asset may
 * be retired, and RETIRED is final. `setAvailability` is what is asked for: it is one of the other actions, by the
 * availability that it names; naming the one that it has changes nothing and is refused.
 */
export const assetMachine: StateMachine<Availability, AssetAction> = {
  states: [...inUse, 'RETIRED'],
  actions: {
    setAvailability: { from: inUse, to: [...inUse, 'RETIRED'] },
    recover: { from: ['DEGRADED', 'DOWN_UNPLANNED', 'DOWN_PLANNED', 'IN_REPAIR'], to: 'UP' },
    degrade: { from: ['UP', 'DOWN_UNPLANNED', 'DOWN_PLANNED', 'IN_REPAIR'], to: 'DEGRADED' },
    breakDown: { from: ['UP', 'DEGRADED'], to: 'DOWN_UNPLANNED' },
    takeDown: { from: ['UP', 'DEGRADED'], to: 'DOWN_PLANNED' },
    repair: { from: ['DOWN_UNPLANNED', 'DOWN_PLANNED'], to: 'IN_REPAIR' },
    retire: { from: inUse, to: 'RETIRED' },
  },
};

/** The action that leads to each availability. */
export const actionTowards: Readonly<Record<Availability, AssetAction>> = {
  UP: 'recover',
  DEGRADED: 'degrade',
  DOWN_UNPLANNED: 'breakDown',
  DOWN_PLANNED: 'takeDown',
  IN_REPAIR: 'repair',
  RETIRED: 'retire',
};

import type { Availability, WorkOrderState, WorkOrderStateCommand } from './port.ts';

/** The reference CMMS's own rules, which hold whoever asks. A breakdown need not be scheduled before it is repaired. */
export const workOrderRules: Readonly<
  Record<WorkOrderStateCommand['name'], { readonly from: readonly WorkOrderState[]; readonly to: WorkOrderState }>
> = {
  approveMaintenance: { from: ['REQUESTED'], to: 'APPROVED' },
  scheduleMaintenance: { from: ['APPROVED', 'SCHEDULED'], to: 'SCHEDULED' },
  startMaintenance: { from: ['APPROVED', 'SCHEDULED'], to: 'IN_PROGRESS' },
  completeMaintenance: { from: ['IN_PROGRESS'], to: 'WORK_COMPLETE' },
  verifyMaintenance: { from: ['WORK_COMPLETE'], to: 'VERIFIED' },
  cancelMaintenance: { from: ['REQUESTED', 'APPROVED', 'SCHEDULED'], to: 'CANCELLED' },
};

/** From what an asset may become this. A stop that repairs itself goes straight back up; RETIRED is final. */
export const availabilityRules: Readonly<Record<Availability, readonly Availability[]>> = {
  UP: ['DEGRADED', 'DOWN_UNPLANNED', 'DOWN_PLANNED', 'IN_REPAIR'],
  DEGRADED: ['UP', 'DOWN_UNPLANNED', 'DOWN_PLANNED', 'IN_REPAIR'],
  DOWN_UNPLANNED: ['UP', 'DEGRADED'],
  DOWN_PLANNED: ['UP', 'DEGRADED'],
  IN_REPAIR: ['DOWN_UNPLANNED', 'DOWN_PLANNED'],
  RETIRED: ['UP', 'DEGRADED', 'DOWN_UNPLANNED', 'DOWN_PLANNED', 'IN_REPAIR'],
};

import type { Page, PageRequest, ReadOptions, RowScope } from '../page.ts';
import type { PostingPort, SystemCommand } from '../posting.ts';

/**
 * A CMMS in domain words: what it knows about assets, where they are used and what is done to them, and what it can be
 * told. Keys are natural keys; rows are plain data. Equipment belongs to no partner; `version` is whatever the system
 * changes with every change of the row.
 */
export interface CmmsPort extends PostingPort<CmmsCommand> {
  assetsByKeys(keys: readonly AssetKey[], options?: ReadOptions): Promise<readonly AssetRow[]>;
  workOrdersByKeys(keys: readonly WorkOrderKey[], options?: ReadOptions): Promise<readonly WorkOrderRow[]>;

  partsOfAssets(keys: readonly AssetKey[], options?: ReadOptions): Promise<readonly AssetRow[]>;
  workOrdersOfAssets(keys: readonly AssetKey[], options?: ReadOptions): Promise<readonly WorkOrderRow[]>;
  workOrdersOfDowntimes(keys: readonly DowntimeKey[], options?: ReadOptions): Promise<readonly WorkOrderRow[]>;
  /** Every version, past and future: the caller knows as of when it asks. */
  assignmentsOfAssets(keys: readonly AssetKey[], options?: ReadOptions): Promise<readonly AssignmentRow[]>;
  /** The same by work center. */
  assignmentsOfWorkCenters(keys: readonly WorkCenterKey[], options?: ReadOptions): Promise<readonly AssignmentRow[]>;

  assets(filter: AssetFilter, page: PageRequest, scope: RowScope, options?: ReadOptions): Promise<Page<AssetRow>>;
  workOrders(
    filter: WorkOrderFilter,
    page: PageRequest,
    scope: RowScope,
    options?: ReadOptions,
  ): Promise<Page<WorkOrderRow>>;
}

interface PlantKey {
  readonly plantCode: string;
}
export interface AssetKey extends PlantKey {
  readonly assetId: string;
}
export interface WorkCenterKey extends PlantKey {
  readonly workCenterCode: string;
}
export interface DowntimeKey extends PlantKey {
  readonly downtimeId: string;
}
export interface WorkOrderKey extends PlantKey {
  readonly workOrderNo: string;
}

export type Availability = 'UP' | 'DEGRADED' | 'DOWN_UNPLANNED' | 'DOWN_PLANNED' | 'IN_REPAIR' | 'RETIRED';
export type Criticality = 'HIGH' | 'MEDIUM' | 'LOW';

export interface AssetRow extends AssetKey {
  readonly name: string;
  /** The asset that it is a part of. */
  readonly parentId: string | null;
  readonly criticality: Criticality;
  /** The line that it stands in. */
  readonly lineCode: string | null;
  readonly availability: Availability;
  readonly availabilitySince: string;
  readonly availabilityBy: string | null;
  /** What was said to cause it, as it was said: the id of a downtime. */
  readonly availabilityCause: string | null;
  readonly changedAt: string;
  readonly partner: null;
  readonly version: string;
}

/** For a time, work at the work center is done with the asset. Versions are never changed, only ended and followed. */
export interface AssignmentRow extends AssetKey, WorkCenterKey {
  /** ISO 8601 in UTC, inclusive. */
  readonly validFrom: string;
  /** ISO 8601 in UTC, exclusive; null: until further notice. */
  readonly validTo: string | null;
  readonly partner: null;
}

export type WorkOrderState =
  | 'REQUESTED'
  | 'APPROVED'
  | 'SCHEDULED'
  | 'IN_PROGRESS'
  | 'WORK_COMPLETE'
  | 'VERIFIED'
  | 'CANCELLED';
export type MaintenanceKind = 'CORRECTIVE' | 'PREVENTIVE' | 'INSPECTION' | 'CALIBRATION';

export interface WorkOrderRow extends WorkOrderKey {
  readonly assetId: string;
  readonly kind: MaintenanceKind;
  readonly description: string;
  /** The downtime that it is to end. */
  readonly downtimeId: string | null;
  readonly lineCode: string | null;
  readonly state: WorkOrderState;
  readonly stateSince: string;
  readonly stateBy: string | null;
  readonly stateReason: string | null;
  readonly scheduledFor: string | null;
  readonly requestedBy: string;
  readonly requestedAt: string;
  readonly changedAt: string;
  readonly partner: null;
  readonly version: string;
}

export interface AssetFilter {
  readonly plantCode?: string | null;
  readonly lineCode?: string | null;
  readonly availabilities?: readonly Availability[] | null;
  readonly criticalities?: readonly Criticality[] | null;
  /** ISO 8601 in UTC. */
  readonly changedSince?: string | null;
}

export interface WorkOrderFilter {
  readonly plantCode?: string | null;
  readonly lineCode?: string | null;
  readonly states?: readonly WorkOrderState[] | null;
  readonly kinds?: readonly MaintenanceKind[] | null;
  readonly changedSince?: string | null;
}

export interface RequestMaintenance extends SystemCommand<'requestMaintenance'> {
  readonly assetId: string;
  readonly kind: MaintenanceKind;
  readonly description: string;
  readonly downtimeId: string | null;
}

interface WorkOrderCommand<Name extends string> extends SystemCommand<Name> {
  readonly workOrderNo: string;
  /** In words; kept with the new state. */
  readonly reason: string | null;
  /** When the work is to be done; only scheduling says so. */
  readonly scheduledFor: string | null;
}

export type WorkOrderStateCommand =
  | WorkOrderCommand<'approveMaintenance'>
  | WorkOrderCommand<'scheduleMaintenance'>
  | WorkOrderCommand<'startMaintenance'>
  | WorkOrderCommand<'completeMaintenance'>
  | WorkOrderCommand<'verifyMaintenance'>
  | WorkOrderCommand<'cancelMaintenance'>;

export interface SetAssetAvailability extends SystemCommand<'setAssetAvailability'> {
  readonly assetId: string;
  readonly availability: Availability;
  readonly causeRef: string | null;
}

/** Everything that a CMMS can be told. What it says with each posting stands in `CmmsResults`. */
export type CmmsCommand = RequestMaintenance | WorkOrderStateCommand | SetAssetAvailability;

/** What the CMMS says with a posting that it has carried out. */
export interface CmmsResults {
  readonly requestMaintenance: { readonly workOrderNo: string };
  readonly workOrderState: { readonly from: WorkOrderState; readonly to: WorkOrderState };
  readonly setAssetAvailability: { readonly from: Availability; readonly to: Availability };
}

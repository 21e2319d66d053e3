import type { Page, PageRequest, ReadOptions, RowScope } from '../page.ts';
import type { PostingPort, SystemCommand } from '../posting.ts';

/**
 * An MES in domain words: what runs, what was made, what stopped, and what it can be told. Keys are natural keys; rows are
 * plain data. What an operation is a step of (order, lot, material, line, partner) is copied in when it is dispatched.
 */
export interface MesPort extends PostingPort<MesCommand> {
  operationsByKeys(keys: readonly OperationKey[], options?: ReadOptions): Promise<readonly OperationRow[]>;
  workCentersByKeys(keys: readonly WorkCenterKey[], options?: ReadOptions): Promise<readonly WorkCenterRow[]>;
  lotsByKeys(keys: readonly LotKey[], options?: ReadOptions): Promise<readonly LotRow[]>;
  downtimesByKeys(keys: readonly DowntimeKey[], options?: ReadOptions): Promise<readonly DowntimeRow[]>;

  operationsOfOrders(keys: readonly OrderKey[], options?: ReadOptions): Promise<readonly OperationRow[]>;
  /** Those that have neither ended nor been aborted. */
  openOperationsOfWorkCenters(keys: readonly WorkCenterKey[], options?: ReadOptions): Promise<readonly OperationRow[]>;
  /** The operations that make the lot, and those that use it. */
  operationsOfLots(
    keys: readonly LotKey[],
    options?: ReadOptions,
  ): Promise<readonly { readonly lot: LotKey; readonly operation: OperationRow }[]>;
  consumptionsOfOperations(keys: readonly OperationKey[], options?: ReadOptions): Promise<readonly ConsumptionRow[]>;
  downtimesOfAssets(keys: readonly AssetKey[], options?: ReadOptions): Promise<readonly DowntimeRow[]>;

  operations(
    filter: OperationFilter,
    page: PageRequest,
    scope: RowScope,
    options?: ReadOptions,
  ): Promise<Page<OperationRow>>;
  downtimes(
    filter: DowntimeFilter,
    page: PageRequest,
    scope: RowScope,
    options?: ReadOptions,
  ): Promise<Page<DowntimeRow>>;
}

interface PlantKey {
  readonly plantCode: string;
}
export interface OrderKey extends PlantKey {
  readonly orderNo: string;
}
export interface OperationKey extends OrderKey {
  readonly operationNo: string;
}
export interface WorkCenterKey extends PlantKey {
  readonly workCenterCode: string;
}
export interface LotKey extends PlantKey {
  readonly materialCode: string;
  readonly lotNumber: string;
}
export interface AssetKey extends PlantKey {
  readonly assetId: string;
}
export interface DowntimeKey extends PlantKey {
  readonly downtimeId: string;
}

export type OperationState =
  | 'NOT_ALLOWED_TO_START'
  | 'ALLOWED_TO_START'
  | 'RUNNING'
  | 'HELD'
  | 'SUSPENDED'
  | 'ENDED'
  | 'ABORTED';

export interface OperationRow extends OperationKey {
  readonly lineCode: string;
  readonly workCenterCode: string;
  readonly materialCode: string;
  /** The lot that its order makes. */
  readonly lotNumber: string;
  readonly unit: string;
  readonly state: OperationState;
  readonly stateSince: string;
  readonly stateBy: string | null;
  readonly stateReason: string | null;
  /** Decimal text. */
  readonly producedQuantity: string;
  readonly scrapQuantity: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly partner: string | null;
  readonly version: string;
  readonly changedAt: string;
  /** What holds it, oldest first: holds, downtimes. */
  readonly causes: readonly string[];
  /** The steps of the same order before it that the MES knows. */
  readonly predecessors: readonly { readonly operationNo: string; readonly state: OperationState }[];
}

export interface WorkCenterRow extends WorkCenterKey {
  readonly lineCode: string;
  readonly partner: null;
}

export type LotProductionState = 'PLANNED' | 'IN_PROCESS' | 'PRODUCED';

export interface LotRow extends LotKey {
  readonly productionState: LotProductionState;
  readonly partner: string | null;
}

export interface ConsumptionRow extends OperationKey {
  readonly materialCode: string;
  readonly lotNumber: string;
  readonly quantity: string;
  readonly unit: string;
  readonly occurredAt: string;
  readonly partner: string | null;
}

export type DowntimeState = 'OPEN' | 'ENDED';

export interface DowntimeRow extends DowntimeKey {
  readonly assetId: string;
  /** The line of its work centers; null when it has none. */
  readonly lineCode: string | null;
  readonly workCenterCodes: readonly string[];
  readonly state: DowntimeState;
  readonly stateBy: string | null;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly reasonCode: string;
  readonly planned: boolean;
  readonly partner: null;
  readonly version: string;
  readonly changedAt: string;
}

export interface OperationFilter {
  readonly plantCode?: string | null;
  readonly lineCode?: string | null;
  readonly workCenterCode?: string | null;
  readonly materialCode?: string | null;
  readonly states?: readonly OperationState[] | null;
  /** ISO 8601 in UTC. */
  readonly changedSince?: string | null;
}

export interface DowntimeFilter {
  readonly plantCode?: string | null;
  readonly lineCode?: string | null;
  readonly assetId?: string | null;
  readonly states?: readonly DowntimeState[] | null;
  readonly changedSince?: string | null;
}

interface OperationCommand<Name extends string> extends SystemCommand<Name> {
  readonly orderNo: string;
  readonly operationNo: string;
  /** In words; kept with the new state. */
  readonly reason: string | null;
}

export interface DispatchOperation extends OperationCommand<'dispatchOperation'> {
  readonly workCenterCode: string;
  readonly lineCode: string;
  readonly materialCode: string;
  readonly lotNumber: string;
  readonly unit: string;
  readonly partner: string | null;
}

export type OperationStateCommand =
  | OperationCommand<'startOperation'>
  | OperationCommand<'pauseOperation'>
  | OperationCommand<'resumeOperation'>
  | OperationCommand<'abortOperation'>;

export interface CompleteOperation extends OperationCommand<'completeOperation'> {
  readonly yieldQuantity: string;
  readonly scrapQuantity: string;
}

interface CauseCommand<Name extends string> extends OperationCommand<Name> {
  readonly causeRef: string;
}

/** The operation is held as long as any cause holds it. */
export type HoldOperation = CauseCommand<'holdOperation'>;
export type UnholdOperation = CauseCommand<'unholdOperation'>;

export interface RecordConsumption extends OperationCommand<'recordConsumption'> {
  readonly materialCode: string;
  readonly lotNumber: string;
  readonly quantity: string;
  readonly unit: string;
}

export interface ReportDowntime extends SystemCommand<'reportDowntime'> {
  /** Given by the caller, so that what restricts because of it can stand before the MES knows. */
  readonly downtimeId: string;
  readonly assetId: string;
  readonly workCenterCodes: readonly string[];
  readonly reasonCode: string;
  readonly planned: boolean;
}

export interface EndDowntime extends SystemCommand<'endDowntime'> {
  readonly downtimeId: string;
}

/** Everything that an MES can be told. The postings' `result` is said beside each in `MesResults`. */
export type MesCommand =
  | DispatchOperation
  | OperationStateCommand
  | CompleteOperation
  | HoldOperation
  | UnholdOperation
  | RecordConsumption
  | ReportDowntime
  | EndDowntime;

/** What the MES says with a posting that it has carried out. */
export interface MesResults {
  /** `from` is null when the operation was not there before. */
  readonly operationState: { readonly from: OperationState | null; readonly to: OperationState };
  /** `changed` is false when the cause was there, or gone, already. */
  readonly operationCause: {
    readonly from: OperationState;
    readonly to: OperationState;
    readonly changed: boolean;
    readonly causes: readonly string[];
  };
  readonly endDowntime: { readonly durationSeconds: number };
}

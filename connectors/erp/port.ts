import type { Page, PageRequest, ReadOptions, RowScope } from '../page.ts';
import type { PostingPort, SystemCommand } from '../posting.ts';

/**
 * An ERP in domain words: what it knows about orders, materials, stock and deliveries, and what it can be told. Keys are
 * natural keys; rows are plain data. `partner` is the number of the partner that a row belongs to, null when it is the
 * plant's own; `version` is whatever the system changes with every change of the row.
 */
export interface ErpPort extends PostingPort<ErpCommand> {
  plantsByKeys(keys: readonly PlantKey[], options?: ReadOptions): Promise<readonly PlantRow[]>;
  linesByKeys(keys: readonly LineKey[], options?: ReadOptions): Promise<readonly LineRow[]>;
  workCentersByKeys(keys: readonly WorkCenterKey[], options?: ReadOptions): Promise<readonly WorkCenterRow[]>;
  materialsByKeys(keys: readonly MaterialKey[], options?: ReadOptions): Promise<readonly MaterialRow[]>;
  ordersByKeys(keys: readonly OrderKey[], options?: ReadOptions): Promise<readonly OrderRow[]>;
  operationsByKeys(keys: readonly OperationKey[], options?: ReadOptions): Promise<readonly OperationRow[]>;
  lotsByKeys(keys: readonly LotKey[], options?: ReadOptions): Promise<readonly LotRow[]>;
  deliveriesByKeys(keys: readonly DeliveryKey[], options?: ReadOptions): Promise<readonly DeliveryRow[]>;

  linesOfPlants(keys: readonly PlantKey[], options?: ReadOptions): Promise<readonly LineRow[]>;
  workCentersOfLines(keys: readonly LineKey[], options?: ReadOptions): Promise<readonly WorkCenterRow[]>;
  deliveriesOfLots(keys: readonly LotKey[], options?: ReadOptions): Promise<readonly DeliveryRow[]>;

  plants(filter: PlantFilter, page: PageRequest, scope: RowScope, options?: ReadOptions): Promise<Page<PlantRow>>;
  workCenters(
    filter: WorkCenterFilter,
    page: PageRequest,
    scope: RowScope,
    options?: ReadOptions,
  ): Promise<Page<WorkCenterRow>>;
  materials(
    filter: MaterialFilter,
    page: PageRequest,
    scope: RowScope,
    options?: ReadOptions,
  ): Promise<Page<MaterialRow>>;
  orders(filter: OrderFilter, page: PageRequest, scope: RowScope, options?: ReadOptions): Promise<Page<OrderRow>>;
  lots(filter: LotFilter, page: PageRequest, scope: RowScope, options?: ReadOptions): Promise<Page<LotRow>>;
  deliveries(
    filter: DeliveryFilter,
    page: PageRequest,
    scope: RowScope,
    options?: ReadOptions,
  ): Promise<Page<DeliveryRow>>;
}

export interface PlantKey {
  readonly plantCode: string;
}
export interface LineKey extends PlantKey {
  readonly lineCode: string;
}
export interface WorkCenterKey extends PlantKey {
  readonly workCenterCode: string;
}
export interface MaterialKey extends PlantKey {
  readonly materialCode: string;
}
export interface OrderKey extends PlantKey {
  readonly orderNo: string;
}
export interface OperationKey extends OrderKey {
  readonly operationNo: string;
}
export interface LotKey extends MaterialKey {
  readonly lotNumber: string;
}
export interface DeliveryKey extends PlantKey {
  readonly deliveryNo: string;
}

export interface PlantRow extends PlantKey {
  readonly name: string;
  readonly partner: null;
}

export interface LineRow extends LineKey {
  readonly name: string;
  readonly partner: null;
  /** The steps of whatever is made on the line, in their order. */
  readonly routing: readonly {
    readonly operationNo: string;
    readonly name: string;
    readonly workCenterCode: string;
  }[];
}

export type CapacityStatus = 'AVAILABLE' | 'REDUCED' | 'UNAVAILABLE';

export interface WorkCenterRow extends WorkCenterKey {
  readonly lineCode: string;
  readonly name: string;
  /** Work waits for it: an order that needs it is not released while it cannot be used. */
  readonly constrained: boolean;
  readonly capacityStatus: CapacityStatus;
  readonly capacityChangedAt: string;
  readonly partner: null;
  readonly version: string;
}

export interface MaterialRow extends MaterialKey {
  readonly name: string;
  /** UNECE Recommendation 20 code. */
  readonly unit: string;
  readonly kind: 'RAW' | 'FINISHED';
  readonly partner: null;
}

export type OrderState = 'PLANNED' | 'RELEASED' | 'IN_PROCESS' | 'ON_HOLD' | 'COMPLETED' | 'CANCELLED';

export interface OrderRow extends OrderKey {
  readonly lineCode: string;
  readonly materialCode: string;
  readonly materialKind: 'RAW' | 'FINISHED';
  /** Decimal text. */
  readonly quantity: string;
  readonly unit: string;
  readonly lotNumber: string;
  readonly plannedStart: string;
  readonly plannedEnd: string;
  readonly state: OrderState;
  readonly stateSince: string;
  readonly stateBy: string | null;
  readonly stateReason: string | null;
  /** What the last step of the order has been confirmed with as good; decimal text. */
  readonly confirmedYield: string;
  readonly partner: string | null;
  readonly version: string;
  readonly changedAt: string;
  /** In the order of the routing. */
  readonly operations: readonly OperationRow[];
}

export interface OperationRow extends OperationKey {
  readonly lineCode: string;
  readonly name: string;
  readonly workCenterCode: string;
  /** Of its work center. */
  readonly constrained: boolean;
  readonly plannedQuantity: string;
  /** What has been posted to the ERP as good for the operation; decimal text. */
  readonly confirmedQuantity: string;
  /** What has been posted to the ERP as scrap for the operation; decimal text. */
  readonly confirmedScrap: string;
  /** When its end was posted; null: not yet. */
  readonly confirmedAt: string | null;
  readonly unit: string;
  readonly partner: string | null;
}

export type StockType = 'UNRESTRICTED' | 'QUALITY_INSPECTION' | 'BLOCKED' | 'RESTRICTED' | 'IN_TRANSIT' | 'RETURNS';

export interface StockRow extends LotKey {
  readonly storageLocation: string;
  readonly stockType: StockType;
  readonly quantity: string;
  readonly unit: string;
}

export interface LotRow extends LotKey {
  /** The order that makes or made it; null for a bought lot. */
  readonly orderNo: string | null;
  /** The line of that order. */
  readonly lineCode: string | null;
  readonly unit: string;
  readonly expiresOn: string | null;
  readonly partner: string | null;
  readonly version: string;
  readonly changedAt: string;
  /** Positions with a quantity above zero. */
  readonly stock: readonly StockRow[];
}

export type DeliveryState = 'PLANNED' | 'ALLOCATED' | 'PICKED' | 'SHIPPED';

export interface DeliveryRow extends DeliveryKey {
  readonly customer: string;
  readonly plannedShipDate: string;
  readonly state: DeliveryState;
  readonly stateSince: string;
  readonly stateBy: string | null;
  readonly partner: string | null;
  readonly version: string;
  readonly changedAt: string;
  /** Why the ERP does not let it go, oldest first. `cause` is what the one who blocked it said. */
  readonly blocks: readonly { readonly cause: string; readonly since: string }[];
  readonly items: readonly DeliveryItemRow[];
}

export interface DeliveryItemRow extends LotKey {
  readonly itemNo: string;
  readonly quantity: string;
  readonly unit: string;
  /** The order that made the lot. */
  readonly orderNo: string | null;
  /** What there is of the lot, by stock type. */
  readonly stock: readonly { readonly stockType: StockType; readonly quantity: string }[];
}

export interface PlantFilter {
  readonly plantCode?: string | null;
}

export interface WorkCenterFilter {
  readonly plantCode?: string | null;
  readonly lineCode?: string | null;
  readonly capacityStatuses?: readonly CapacityStatus[] | null;
  /** Those whose capacity this cause takes away. */
  readonly heldBy?: string | null;
}

export interface MaterialFilter {
  readonly plantCode?: string | null;
  readonly kind?: 'RAW' | 'FINISHED' | null;
}

export interface OrderFilter {
  readonly plantCode?: string | null;
  readonly lineCode?: string | null;
  readonly materialCode?: string | null;
  readonly states?: readonly OrderState[] | null;
  /** ISO 8601 in UTC. */
  readonly changedSince?: string | null;
}

export interface LotFilter {
  readonly plantCode?: string | null;
  readonly lineCode?: string | null;
  readonly materialCode?: string | null;
  readonly orderNo?: string | null;
  /** Lots with stock of one of these types. */
  readonly stockTypes?: readonly StockType[] | null;
  /** Lots whose stock this cause restricts. */
  readonly heldBy?: string | null;
  readonly changedSince?: string | null;
}

export interface DeliveryFilter {
  readonly plantCode?: string | null;
  readonly states?: readonly DeliveryState[] | null;
  /** Only deliveries that are blocked, or only those that are not. */
  readonly blocked?: boolean | null;
  /** Those that this cause blocks. */
  readonly heldBy?: string | null;
  readonly changedSince?: string | null;
}

/** A command to one production order. */
interface OrderCommand<Name extends string> extends SystemCommand<Name> {
  readonly orderNo: string;
  /** In words; kept with the new state. */
  readonly reason: string | null;
}

interface DeliveryCommand<Name extends string> extends SystemCommand<Name> {
  readonly deliveryNo: string;
}

interface DeliveryBlockCommand<Name extends string> extends DeliveryCommand<Name> {
  readonly causeRef: string;
}

export interface CreateProductionOrder extends SystemCommand<'createProductionOrder'> {
  readonly lineCode: string;
  readonly materialCode: string;
  readonly quantity: string;
  readonly unit: string;
  /** Null: the ERP numbers the lot. */
  readonly lotNumber: string | null;
  readonly plannedStart: string;
  readonly plannedEnd: string;
}

export type OrderStateCommand =
  | OrderCommand<'releaseProductionOrder'>
  | OrderCommand<'startProductionOrder'>
  | OrderCommand<'holdProductionOrder'>
  | OrderCommand<'resumeProductionOrder'>
  | OrderCommand<'completeProductionOrder'>
  | OrderCommand<'cancelProductionOrder'>;

/** The operation has ended with these quantities. An operation is confirmed once. */
export interface ConfirmOperation extends SystemCommand<'confirmOperation'> {
  readonly orderNo: string;
  readonly operationNo: string;
  readonly yieldQuantity: string;
  readonly scrapQuantity: string;
  readonly unit: string;
}

export interface MoveStock extends SystemCommand<'moveStock'> {
  readonly materialCode: string;
  readonly lotNumber: string;
  readonly fromLocation: string;
  readonly toLocation: string;
  readonly quantity: string;
}

/**
 * Causes add up, as those of a delivery's blocks do. Any type but `UNRESTRICTED` is for a cause that restricts the lot;
 * `UNRESTRICTED` ends the cause, and frees stock only when no other cause is left.
 */
export interface ChangeStockStatus extends SystemCommand<'changeStockStatus'> {
  readonly materialCode: string;
  readonly lotNumber: string;
  readonly toStockType: StockType;
  /**
   * Only stock of this type changes; and when the cause ends, only what was of this type before. Null: all stock. Stock of
   * `QUALITY_INSPECTION` becomes `UNRESTRICTED` though nothing restricts it: quality has decided about it.
   */
  readonly fromStockType: StockType | null;
  /** Null: there is no cause to keep. */
  readonly causeRef: string | null;
}

export type PickDelivery = DeliveryCommand<'pickDelivery'>;
export type ReleaseShipment = DeliveryCommand<'releaseShipment'>;
export type SetDeliveryBlock = DeliveryBlockCommand<'setDeliveryBlock'>;
export type RemoveDeliveryBlock = DeliveryBlockCommand<'removeDeliveryBlock'>;

/** The work center's capacity becomes the worst that any cause says; `AVAILABLE` ends the cause. */
export interface SetWorkCenterCapacity extends SystemCommand<'setWorkCenterCapacity'> {
  readonly workCenterCode: string;
  readonly capacityStatus: CapacityStatus;
  readonly causeRef: string;
}

/** Everything that an ERP can be told. The postings' `result` is said beside each in `ErpResults`. */
export type ErpCommand =
  | CreateProductionOrder
  | OrderStateCommand
  | ConfirmOperation
  | MoveStock
  | ChangeStockStatus
  | PickDelivery
  | ReleaseShipment
  | SetDeliveryBlock
  | RemoveDeliveryBlock
  | SetWorkCenterCapacity;

/** What the ERP says with a posting that it has carried out. */
export interface ErpResults {
  readonly createProductionOrder: { readonly orderNo: string; readonly lotNumber: string };
  readonly orderState: { readonly from: OrderState; readonly to: OrderState };
  /** `confirmedYield`: of the order, after this confirmation. */
  readonly confirmOperation: { readonly confirmedYield: string };
  readonly moveStock: { readonly unit: string };
  /** `from`: the types before, joined by a comma; empty when there was no stock. */
  readonly changeStockStatus: { readonly from: string; readonly to: StockType; readonly changed: boolean };
  readonly deliveryState: { readonly from: DeliveryState; readonly to: DeliveryState };
  /** `changed` is false when the cause was there, or gone, already. */
  readonly deliveryBlock: { readonly changed: boolean };
  readonly setWorkCenterCapacity: { readonly from: CapacityStatus; readonly to: CapacityStatus };
}

import type { EntityId } from './entity-ref.ts';
import type { Restriction } from './restriction.ts';

interface OrderFacts {
  readonly orderNo: string;
  readonly materialCode: string;
}

interface OperationFacts {
  readonly orderNo: string;
  readonly operationNo: string;
  readonly workCenterCode: string;
}

interface HoldFacts {
  readonly holdNo: string;
  readonly scope: EntityId;
  readonly affected: readonly EntityId[];
  readonly restrictions: readonly Restriction[];
  readonly reason: string;
  /** The systems that have acknowledged the hold so far. */
  readonly acknowledgedBy: readonly string[];
}

interface DispositionFacts {
  readonly dispositionNo: string;
  readonly holdNo: string;
  readonly decision: string;
  readonly lots: readonly EntityId[];
}

interface MaintenanceFacts {
  readonly workOrderNo: string;
  readonly assetId: string;
  readonly downtimeId: string | null;
}

interface DowntimeFacts {
  readonly downtimeId: string;
  readonly assetId: string;
  readonly workCenterCodes: readonly string[];
  readonly planned: boolean;
  readonly reasonCode: string;
}

interface DeliveryFacts {
  readonly deliveryNo: string;
  readonly lots: readonly EntityId[];
}

/**
 * The closed catalogue of events: name to payload. Anything else does not compile. On the wire the CloudEvents `type`
 * is `dev.andon.mfg.<name>.v1`; a payload only ever grows, and a changed meaning is a new name.
 */
export interface EventData {
  /** A production order exists in the ERP. */
  'production.order.created': OrderFacts & { readonly quantity: string; readonly unit: string };
  /** The shop floor may work on the order. */
  'production.order.released': OrderFacts & { readonly operationNos: readonly string[] };
  /** The first operation of the order runs. */
  'production.order.started': OrderFacts;
  /** The order may not be worked on until it is resumed. */
  'production.order.held': OrderFacts & { readonly reason: string };
  /** The order is back in the state it was held in. */
  'production.order.resumed': OrderFacts;
  /** All operations are done; the order is technically complete. */
  'production.order.completed': OrderFacts;
  /** The order will not be made. */
  'production.order.cancelled': OrderFacts;

  /** The MES knows the operation and may allow its start. */
  'production.operation.dispatched': OperationFacts;
  /** The operation runs. */
  'production.operation.started': OperationFacts;
  /** A person interrupted the operation. */
  'production.operation.paused': OperationFacts & { readonly reason: string };
  /** A constraint interrupted the operation: a hold, a breakdown. */
  'production.operation.held': OperationFacts & { readonly causes: readonly EntityId[] };
  /** The constraint is gone; the operation waits to be resumed by a person. */
  'production.operation.unheld': OperationFacts & { readonly cause: EntityId };
  /** The operation runs again. */
  'production.operation.resumed': OperationFacts;
  /** The operation has ended with these quantities. */
  'production.operation.completed': OperationFacts & {
    readonly yieldQuantity: string;
    readonly scrapQuantity: string;
    readonly unit: string;
    readonly lot: EntityId | null;
  };
  /** The operation has ended without being complete. */
  'production.operation.aborted': OperationFacts & { readonly reason: string };

  /** The ERP has posted what the operation ended with. */
  'production.operation.confirmed': OperationFacts & {
    readonly yieldQuantity: string;
    readonly scrapQuantity: string;
    readonly unit: string;
    /** The ERP's own number for it. */
    readonly document: string;
  };

  /** A quantity of a lot went into an order. */
  'material.consumed': OperationFacts & { readonly lot: EntityId; readonly quantity: string; readonly unit: string };
  /** A quantity of a lot went to another storage location. */
  'material.moved': {
    readonly lot: EntityId;
    readonly quantity: string;
    readonly unit: string;
    readonly fromLocation: string;
    readonly toLocation: string;
  };
  /** The ERP changed the stock type of a lot. */
  'lot.stockStatusChanged': {
    readonly lot: EntityId;
    readonly from: string;
    readonly to: string;
    readonly cause: EntityId | null;
  };

  /** An inspection lot exists for an order or a lot. */
  'quality.inspection.created': {
    readonly inspectionLotNo: string;
    readonly orderNo: string | null;
    readonly lot: EntityId | null;
  };
  /** A result is within its limits. */
  'quality.inspection.resultRecorded': {
    readonly inspectionLotNo: string;
    readonly characteristic: string;
    readonly value: string;
  };
  /** A result is outside its limits. */
  'quality.inspection.failed': {
    readonly inspectionLotNo: string;
    readonly characteristic: string;
    readonly sampleNo: string;
    readonly value: string;
    readonly limits: string;
    readonly lot: EntityId | null;
    readonly orderNo: string | null;
    readonly operationNo: string | null;
  };
  /** The inspection lot is decided. */
  'quality.inspection.decided': {
    readonly inspectionLotNo: string;
    readonly decision: string;
    readonly lot: EntityId | null;
  };

  /** A hold restricts its scope, whatever is down. */
  'quality.hold.placed': HoldFacts;
  /** Another system has acknowledged the hold. */
  'quality.hold.acknowledged': HoldFacts & { readonly system: string };
  /** Every target has acknowledged the hold. */
  'quality.hold.effective': HoldFacts;
  /** A target has not acknowledged the hold; Andon goes on refusing. */
  'quality.hold.propagationFailed': HoldFacts & { readonly system: string; readonly message: string };
  /** The hold restricts nothing any more. */
  'quality.hold.released': HoldFacts & { readonly dispositionNo: string | null };

  /** The QMS has refused a hold that was announced while it could not be asked; it restricts nothing any more. */
  'quality.hold.withdrawn': HoldFacts;

  /** Something does not conform and is being handled as a case. */
  'quality.nonconformance.raised': { readonly ncNo: string; readonly holdNo: string | null; readonly severity: string };
  /** The case has a decided disposition. */
  'quality.nonconformance.dispositioned': { readonly ncNo: string; readonly dispositionNo: string };
  /** The case is closed. */
  'quality.nonconformance.closed': { readonly ncNo: string };

  /** One person proposes what becomes of the held lots. */
  'quality.disposition.proposed': DispositionFacts;
  /** A second person has approved it. */
  'quality.disposition.approved': DispositionFacts;
  /** A second person has refused it. */
  'quality.disposition.rejected': DispositionFacts & { readonly reason: string };
  /** Every system has carried it out. */
  'quality.disposition.effective': DispositionFacts;
  /** A system has refused to carry it out; the hold stays. */
  'quality.disposition.postingFailed': DispositionFacts & { readonly system: string; readonly message: string };

  /** Maintenance is asked for. */
  'maintenance.requested': MaintenanceFacts & { readonly kind: string };
  /** The request is approved. */
  'maintenance.approved': MaintenanceFacts;
  /** The work has a date. */
  'maintenance.scheduled': MaintenanceFacts & { readonly scheduledFor: string };
  /** Somebody works on the asset. */
  'maintenance.started': MaintenanceFacts;
  /** The work is done. */
  'maintenance.completed': MaintenanceFacts;
  /** Operations have accepted the work. */
  'maintenance.verified': MaintenanceFacts;
  /** The request is refused or withdrawn. */
  'maintenance.cancelled': MaintenanceFacts & { readonly reason: string };

  /** The CMMS says that an asset can, or cannot, be used. */
  'asset.availabilityChanged': { readonly assetId: string; readonly from: string; readonly to: string };
  /** An asset has stopped; its work centers are restricted, whatever is down. */
  'asset.downtimeStarted': DowntimeFacts;
  /** The asset runs again; nothing restricts its work centers on this account. */
  'asset.downtimeEnded': DowntimeFacts & { readonly durationSeconds: number };
  /** The ERP plans with another capacity of the work center. */
  'work-center.capacityChanged': { readonly workCenterCode: string; readonly from: string; readonly to: string };

  /** Stock of lots is reserved for, or picked for, a delivery. */
  'shipment.picked': DeliveryFacts;
  /** The ERP blocks the delivery. */
  'shipment.blocked': DeliveryFacts & { readonly cause: EntityId };
  /** The ERP no longer blocks the delivery for this cause. */
  'shipment.unblocked': DeliveryFacts & { readonly cause: EntityId };
  /** The delivery has left. */
  'shipment.released': DeliveryFacts;

  /** Something did not get through and waits for a person. */
  'exception.raised': {
    readonly exceptionId: string;
    readonly workflow: string;
    readonly step: string;
    readonly message: string;
  };
  /** What had not got through has got through, or a person has closed it. */
  'exception.resolved': { readonly exceptionId: string; readonly workflow: string; readonly resolution: string };
}

export type EventType = keyof EventData;

export function cloudEventType(type: EventType): string {
  return `dev.andon.mfg.${type}.v1`;
}

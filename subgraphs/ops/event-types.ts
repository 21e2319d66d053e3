import type { EventType } from '../../journal/catalogue.ts';
import { ClientError } from '../errors.ts';

/** The catalogue at run time: a type that is missing here, or not in the catalogue, does not compile. */
const catalogue = {
  'production.order.created': true,
  'production.order.released': true,
  'production.order.started': true,
  'production.order.held': true,
  'production.order.resumed': true,
  'production.order.completed': true,
  'production.order.cancelled': true,
  'production.operation.dispatched': true,
  'production.operation.started': true,
  'production.operation.paused': true,
  'production.operation.held': true,
  'production.operation.unheld': true,
  'production.operation.resumed': true,
  'production.operation.completed': true,
  'production.operation.aborted': true,
  'production.operation.confirmed': true,
  'material.consumed': true,
  'material.moved': true,
  'lot.stockStatusChanged': true,
  'quality.inspection.created': true,
  'quality.inspection.resultRecorded': true,
  'quality.inspection.failed': true,
  'quality.inspection.decided': true,
  'quality.hold.placed': true,
  'quality.hold.acknowledged': true,
  'quality.hold.effective': true,
  'quality.hold.propagationFailed': true,
  'quality.hold.released': true,
  'quality.hold.withdrawn': true,
  'quality.nonconformance.raised': true,
  'quality.nonconformance.dispositioned': true,
  'quality.nonconformance.closed': true,
  'quality.disposition.proposed': true,
  'quality.disposition.approved': true,
  'quality.disposition.rejected': true,
  'quality.disposition.effective': true,
  'quality.disposition.postingFailed': true,
  'maintenance.requested': true,
  'maintenance.approved': true,
  'maintenance.scheduled': true,
  'maintenance.started': true,
  'maintenance.completed': true,
  'maintenance.verified': true,
  'maintenance.cancelled': true,
  'asset.availabilityChanged': true,
  'asset.downtimeStarted': true,
  'asset.downtimeEnded': true,
  'work-center.capacityChanged': true,
  'shipment.picked': true,
  'shipment.blocked': true,
  'shipment.unblocked': true,
  'shipment.released': true,
  'exception.raised': true,
  'exception.resolved': true,
} as const satisfies Record<EventType, true>;

export const eventTypes = Object.keys(catalogue) as readonly EventType[];

/** A name that is mistyped would otherwise be followed in silence for ever. @throws ClientError */
export function requireEventTypes(names: readonly string[]): readonly EventType[] {
  const unknown = names.filter((name) => !Object.hasOwn(catalogue, name));
  if (unknown.length === 0) return names as readonly EventType[];
  throw new ClientError(
    'UNKNOWN_EVENT_TYPE',
    `There is no event type ${unknown.slice(0, 5).join(', ')}. Take the names from the catalogue of events, for example quality.hold.placed.`,
  );
}

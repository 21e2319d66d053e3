import { createHash } from 'node:crypto';
import type { AuditRow } from './tables.ts';

/** What the first entry has for a predecessor. */
export const noHash = '0'.repeat(64);

/**
 * SHA-256, in hexadecimal, over the previous entry's hash, a line feed, and the entry's canonical JSON (RFC 8785): all
 * members of `AuditEntry` but the two hashes. `details` is stored in canonical form, so it goes in as it stands; any
 * other spelling is a change and shows.
 */
export function auditHash(row: Omit<AuditRow, 'hash'>): string {
  return createHash('sha256')
    .update(`${row.previous_hash}\n${canonicalEntry(row)}`)
    .digest('hex');
}

/** Written out in sorted order rather than sorted: a verification does this a million times. */
function canonicalEntry(row: Omit<AuditRow, 'hash'>): string {
  const text = JSON.stringify;
  return (
    `{"actorId":${text(row.actor_id)},"actorKind":${text(row.actor_kind)},"actorName":${text(row.actor_name)}` +
    `,"causationId":${text(row.causation_id)},"correlationId":${text(row.correlation_id)}` +
    `,"details":${row.details},"entityId":${text(row.entity_id)},"fromState":${text(row.from_state)}` +
    `,"number":${row.number},"occurredAt":${text(row.occurred_at)},"outcome":${text(row.outcome)}` +
    `,"plantCode":${text(row.plant_code)},"reasonCode":${text(row.reason_code)},"reasonText":${text(row.reason_text)}` +
    `,"recordedAt":${text(row.recorded_at)},"toState":${text(row.to_state)}` +
    `,"transition":${text(row.transition)},"transitionId":${text(row.transition_id)}}`
  );
}

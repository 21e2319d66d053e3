import { hash } from 'node:crypto';
import type { AuditRow } from './tables.ts';

/** What the first entry has for a predecessor. */
export const noHash = '0'.repeat(64);

/**
 * SHA-256, in hexadecimal, over the previous entry's hash, a line feed, and the entry's canonical JSON (RFC 8785): all
 * members of `AuditEntry` but the two hashes. `details` is stored in canonical form, so it goes in as it stands; any
 * other spelling is a change and shows.
 */
export function auditHash(row: Omit<AuditRow, 'hash'>): string {
  return hash('sha256', `${row.previous_hash}\n${canonicalEntry(row)}`);
}

/** Members stand in sorted order here rather than being sorted: a verification does this a million times. */
function canonicalEntry(row: Omit<AuditRow, 'hash'>): string {
  const beforeDetails = JSON.stringify({
    actorId: row.actor_id,
    actorKind: row.actor_kind,
    actorName: row.actor_name,
    causationId: row.causation_id,
    correlationId: row.correlation_id,
  });
  const afterDetails = JSON.stringify({
    entityId: row.entity_id,
    fromState: row.from_state,
    number: row.number,
    occurredAt: row.occurred_at,
    outcome: row.outcome,
    plantCode: row.plant_code,
    reasonCode: row.reason_code,
    reasonText: row.reason_text,
    recordedAt: row.recorded_at,
    toState: row.to_state,
    transition: row.transition,
    transitionId: row.transition_id,
  });
  return `${beforeDetails.slice(0, -1)},"details":${row.details},${afterDetails.slice(1)}`;
}

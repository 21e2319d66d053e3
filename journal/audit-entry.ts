import type { EntityId } from './entity-ref.ts';

/**
 * One line of the audit trail: who did what to which entity, why, when, and what each system answered. Append-only;
 * `hash` is SHA-256 over the previous entry's hash and this entry's canonical JSON, so any change, loss or reordering
 * shows (21 CFR 11.10(e)).
 */
export interface AuditEntry {
  /** 1, 2, 3 … without a gap. */
  readonly number: number;
  readonly recordedAt: string;
  /** When it happened in the plant, as the caller said; the same as `recordedAt` when the caller did not say. */
  readonly occurredAt: string;
  readonly transitionId: string;
  readonly transition: string;
  readonly outcome: 'ACCEPTED' | 'REJECTED' | 'PENDING';
  readonly entityId: EntityId;
  readonly plantCode: string;
  readonly actorId: string;
  readonly actorName: string;
  readonly actorKind: string;
  readonly reasonCode: string | null;
  readonly reasonText: string | null;
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly fromState: string | null;
  readonly toState: string | null;
  /** The input, the refusals, the answers of each system with their document numbers. */
  readonly details: unknown;
  readonly previousHash: string;
  readonly hash: string;
}

export type NewAuditEntry = Omit<AuditEntry, 'number' | 'recordedAt' | 'previousHash' | 'hash'>;

export interface AuditFilter {
  readonly entityId?: EntityId;
  readonly plantCodes?: readonly string[];
  /** Recorded at or after, ISO 8601 in UTC with milliseconds. */
  readonly from?: string;
  /** Recorded before. */
  readonly to?: string;
}

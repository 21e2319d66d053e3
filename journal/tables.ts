/**
 * The journal's tables, as Kysely sees them; `migrations.ts` makes them. JSON is stored as text on both dialects, times as
 * ISO 8601 text in UTC.
 */
export interface JournalTables {
  readonly journal_event: EventRow;
  readonly journal_interlock: InterlockRow;
  readonly journal_command: CommandRow;
  readonly journal_command_touch: { readonly transition_id: string; readonly entity_id: string };
  readonly journal_audit: AuditRow;
  readonly journal_state: StateRow;
}

export interface EventRow {
  readonly position: number;
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly subject: string;
  readonly plant_code: string;
  readonly line: string | null;
  readonly partner: string | null;
  readonly sequence: number;
  readonly occurred_at: string;
  readonly recorded_at: string;
  readonly correlation_id: string;
  readonly causation_id: string | null;
  readonly actor_id: string;
  readonly actor_kind: string;
  readonly state_change: string | null;
  readonly data: string;
}

export interface InterlockRow {
  readonly id: string;
  readonly kind: string;
  readonly entity_id: string;
  readonly plant_code: string;
  readonly partner: string | null;
  readonly cause: string;
  readonly restrictions: string;
  readonly reason: string;
  readonly placed_at: string;
  readonly placed_by: string;
  readonly placed_by_transition: string;
  readonly lifted_at: string | null;
  readonly lifted_by_transition: string | null;
}

export interface CommandRow {
  readonly transition_id: string;
  readonly scoped_key: string;
  readonly transition: string;
  readonly request_hash: string;
  readonly state: 'INTENT' | 'SETTLED';
  readonly outcome: 'ACCEPTED' | 'REJECTED' | null;
  readonly answer: string | null;
  readonly intent: string;
  readonly touches: string;
  readonly deferrals: number;
  readonly deferred_reason: string | null;
  readonly deferred_at: string | null;
  readonly begun_at: string;
  readonly settled_at: string | null;
  readonly claimed_by: string | null;
  readonly claimed_until: string | null;
}

export interface AuditRow {
  readonly number: number;
  readonly recorded_at: string;
  readonly occurred_at: string;
  readonly transition_id: string;
  readonly transition: string;
  readonly outcome: 'ACCEPTED' | 'REJECTED' | 'PENDING';
  readonly entity_id: string;
  readonly plant_code: string;
  readonly actor_id: string;
  readonly actor_name: string;
  readonly actor_kind: string;
  readonly reason_code: string | null;
  readonly reason_text: string | null;
  readonly correlation_id: string;
  readonly causation_id: string | null;
  readonly from_state: string | null;
  readonly to_state: string | null;
  readonly details: string;
  readonly previous_hash: string;
  readonly hash: string;
}

/** One row: what is true of the journal as a whole. */
export interface StateRow {
  readonly id: 1;
  /** Events up to here are no longer kept. */
  readonly pruned_to: number;
  /** The newest audit entry, so that a cut tail shows. */
  readonly audit_number: number;
  readonly audit_hash: string;
}

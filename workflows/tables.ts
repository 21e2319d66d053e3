/** The workflows' tables, as Kysely sees them; `migrations.ts` makes them. Times are ISO 8601 text, JSON is text. */
export interface WorkflowTables {
  readonly workflow_cursor: { readonly id: 1; readonly position: number };
  readonly workflow_instance: InstanceRow;
  readonly workflow_lane: { readonly lane: string; readonly position: number; readonly instance_id: string };
  readonly workflow_step: StepRow;
  readonly workflow_exception: ExceptionTableRow;
  readonly workflow_posting: { readonly transition_id: string; readonly posting: string };
}

export interface InstanceRow {
  /** `<rule>/<event id>` */
  readonly id: string;
  readonly rule: string;
  /** Of the event in the journal. */
  readonly position: number;
  /** The `JournalEvent` as JSON. */
  readonly event: string;
  readonly state: 'RUNNING' | 'WAITING_RETRY' | 'FAILED';
  /** Attempts that did not get through since the beginning, or since a person said to try again. */
  readonly attempts: number;
  /** Only while WAITING_RETRY. */
  readonly next_attempt_at: string | null;
  readonly last_problem: string | null;
  /** Changes with every change of state; a change that was decided on another revision is void. */
  readonly revision: number;
}

export interface StepRow {
  readonly instance_id: string;
  readonly step: string;
  readonly state: 'ASKED' | 'DONE';
  /** Part of the idempotency key: grows when a settled refusal is asked again. */
  readonly generation: number;
  /** What was asked, as JSON: the same key always comes with the same input. */
  readonly input: string;
}

export interface ExceptionTableRow {
  readonly id: string;
  readonly instance_id: string;
  readonly rule: string;
  readonly step: string;
  readonly code: string;
  readonly system: string | null;
  readonly message: string;
  readonly remediation: string | null;
  readonly plant_code: string;
  readonly line: string | null;
  /** What the event was about. */
  readonly subject: string;
  readonly event_id: string;
  readonly event_type: string;
  readonly correlation_id: string;
  readonly state: 'OPEN' | 'RETRYING' | 'RESOLVED';
  readonly raised_at: string;
  readonly changed_at: string;
  /** Times that it was raised. */
  readonly occurrences: number;
  readonly resolution: string | null;
  readonly resolved_by: string | null;
  readonly revision: number;
  /** How many of the occurrences the journal knows of. */
  readonly raised_announced: number;
  /** 1 when the journal knows of the resolution. */
  readonly resolved_announced: number;
}

import type { AuditEntry, NewAuditEntry } from './audit-entry.ts';
import { auditHash } from './audit-hash.ts';
import { canonicalJson } from './canonical-json.ts';
import type { EntityId } from './entity-ref.ts';
import { change, type QueryRunner, statement } from './statement.ts';
import type { AuditRow } from './tables.ts';

export interface AuditHead {
  readonly number: number;
  readonly hash: string;
}

const readHead = statement<{ audit_number: number; audit_hash: string }>(
  'select audit_number, audit_hash from journal_state where id = 1',
);
const moveHead = change('update journal_state set audit_number = $1, audit_hash = $2 where id = 1');
const insertEntry = change(
  `insert into journal_audit (number, recorded_at, occurred_at, transition_id, transition, outcome, entity_id, plant_code,
     actor_id, actor_name, actor_kind, reason_code, reason_text, correlation_id, causation_id, from_state, to_state,
     details, previous_hash, hash)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`,
);

/**
 * The audit trail inside one transaction. Only one transaction writes at a time, so the end of the chain that it reads is
 * the end that it moves.
 */
export class AuditChain {
  readonly #tx: QueryRunner;
  readonly #written: Promise<unknown>[] = [];
  #head: Promise<AuditHead> | undefined;

  constructor(tx: QueryRunner) {
    this.#tx = tx;
  }

  /** Asks for the end of the chain without waiting: on PostgreSQL the answer comes with that of the next statement. */
  prefetch(): void {
    this.#head ??= readAuditHead(this.#tx);
    this.#head.catch(() => undefined); // append reports it
  }

  /** Adds the next link. Hashing needs no answer from the database, so nobody waits for one before `end`. */
  async append(entry: NewAuditEntry, recordedAt: string): Promise<AuditEntry> {
    this.prefetch();
    const row = nextRow(entry, recordedAt, await (this.#head as Promise<AuditHead>));
    this.#head = Promise.resolve({ number: row.number, hash: row.hash });
    for (const written of [insertEntry(this.#tx, Object.values(row)), moveHead(this.#tx, [row.number, row.hash])]) {
      written.catch(() => undefined); // end reports it
      this.#written.push(written);
    }
    return toAuditEntry(row);
  }

  async end(): Promise<void> {
    await Promise.all(this.#written);
  }
}

/** The newest entry of the trail; number 0 when it is empty. */
export async function readAuditHead(runner: QueryRunner): Promise<AuditHead> {
  const [row] = await readHead(runner, []);
  return { number: row?.audit_number ?? 0, hash: row?.audit_hash ?? 'lost' };
}

/** Members in the order of `insertEntry`'s parameters. */
function nextRow(entry: NewAuditEntry, recordedAt: string, head: AuditHead): AuditRow {
  const unsigned = {
    number: head.number + 1,
    recorded_at: recordedAt,
    occurred_at: storable(entry.occurredAt),
    transition_id: storable(entry.transitionId),
    transition: storable(entry.transition),
    outcome: entry.outcome,
    entity_id: storable(entry.entityId),
    plant_code: storable(entry.plantCode),
    actor_id: storable(entry.actorId),
    actor_name: storable(entry.actorName),
    actor_kind: storable(entry.actorKind),
    reason_code: storable(entry.reasonCode),
    reason_text: storable(entry.reasonText),
    correlation_id: storable(entry.correlationId),
    causation_id: storable(entry.causationId),
    from_state: storable(entry.fromState),
    to_state: storable(entry.toState),
    details: canonicalJson(entry.details),
    previous_hash: head.hash,
  };
  return { ...unsigned, hash: auditHash(unsigned) };
}

/**
 * Half a surrogate pair, or a NUL, comes back from a store as something else, and PostgreSQL refuses the one: a hash that was
 * made over it would tell of tampering for ever. `details` are JSON, which writes both in ASCII.
 */
function storable<Text extends string | null>(text: Text): Text {
  return (text === null ? null : text.replace(/[\0\p{Cs}]/gu, '\ufffd')) as Text;
}

export function toAuditEntry(row: AuditRow): AuditEntry {
  return {
    number: row.number,
    recordedAt: row.recorded_at,
    occurredAt: row.occurred_at,
    transitionId: row.transition_id,
    transition: row.transition,
    outcome: row.outcome,
    entityId: row.entity_id as EntityId,
    plantCode: row.plant_code,
    actorId: row.actor_id,
    actorName: row.actor_name,
    actorKind: row.actor_kind,
    reasonCode: row.reason_code,
    reasonText: row.reason_text,
    correlationId: row.correlation_id,
    causationId: row.causation_id,
    fromState: row.from_state,
    toState: row.to_state,
    details: JSON.parse(row.details),
    previousHash: row.previous_hash,
    hash: row.hash,
  };
}

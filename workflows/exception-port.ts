import type { Kysely, Transaction } from 'kysely';
import type { ExceptionCommand, ExceptionPort, ExceptionRow } from '../connectors/ops/port.ts';
import type { Posting } from '../connectors/posting.ts';
import { isoTime } from '../runtime/clock.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Database } from '../storage/database.ts';
import { removeInstance } from './instance-store.ts';
import type { ExceptionTableRow, WorkflowTables } from './tables.ts';

/** Also for a process that serves the graph and runs no workflow: the store is what the two share. */
export function createExceptionPort(
  database: Database<WorkflowTables>,
  { clock }: Pick<Runtime, 'clock'>,
): ExceptionPort {
  return {
    async exceptionsByIds(ids) {
      if (ids.length === 0) return new Map();
      const rows = await database.read
        .selectFrom('workflow_exception')
        .selectAll()
        .where('id', 'in', [...ids])
        .execute();
      return new Map(rows.map((row) => [row.id, toException(row)]));
    },
    async exceptions(filter, { first, after }, { plantCodes }) {
      if (plantCodes?.length === 0 || filter.states?.length === 0) return { rows: [], hasNextPage: false };
      let query = database.read.selectFrom('workflow_exception').selectAll();
      if (plantCodes) query = query.where('plant_code', 'in', [...plantCodes]);
      if (filter.plantCode) query = query.where('plant_code', '=', filter.plantCode);
      if (filter.states) query = query.where('state', 'in', [...filter.states]);
      if (filter.workflow) query = query.where('rule', '=', filter.workflow);
      if (filter.subject) query = query.where('subject', '=', filter.subject);
      if (after) query = query.where('id', '>', after);
      const rows = await query
        .orderBy('id')
        .limit(first + 1)
        .execute();
      return { rows: rows.slice(0, first).map(toException), hasNextPage: rows.length > first };
    },
    post: (command) =>
      database.write(async (tx) => {
        const known = await findPosting(tx, command.transitionId);
        if (known) return known;
        const posting = await carryOut(tx, command, isoTime(clock.now()));
        await tx
          .insertInto('workflow_posting')
          .values({ transition_id: command.transitionId, posting: JSON.stringify(posting) })
          .execute();
        return posting;
      }),
    postingOf: (transitionId) => findPosting(database.read, transitionId),
  };
}

async function carryOut(
  tx: Transaction<WorkflowTables>,
  command: ExceptionCommand,
  recordedAt: string,
): Promise<Posting> {
  const row = await tx
    .selectFrom('workflow_exception')
    .selectAll()
    .where('id', '=', command.exceptionId)
    .executeTakeFirst();
  if (!row) return noSuchException;
  const refusal = refusalOf(row, command);
  if (refusal) return refusal;
  if (command.name === 'retryException') await retry(tx, row);
  else await removeInstance(tx, row.instance_id);
  const state = command.name === 'retryException' ? ('RETRYING' as const) : ('RESOLVED' as const);
  const revision = row.revision + 1;
  await tx
    .updateTable('workflow_exception')
    .set({
      state,
      changed_at: recordedAt,
      revision,
      // The transition announces the resolution itself; the engine need not.
      ...(state === 'RESOLVED'
        ? { resolution: command.resolution, resolved_by: command.actorId, resolved_announced: 1 }
        : {}),
    })
    .where('id', '=', row.id)
    .execute();
  return {
    status: 'POSTED',
    document: `ANDON-${command.transitionId}`,
    version: String(revision),
    recordedAt,
    result: { from: row.state, to: state },
  };
}

const noSuchException: Posting = {
  status: 'REFUSED',
  code: 'NOT_FOUND',
  message: 'There is no such exception.',
  remediation: 'List the exceptions again.',
};

function refusalOf(row: ExceptionTableRow, command: ExceptionCommand): Posting | null {
  if (row.state === 'RESOLVED' || (row.state === 'RETRYING' && command.name === 'retryException')) {
    return {
      status: 'REFUSED',
      code: 'STATE_NOT_ALLOWED',
      message: `The exception is ${row.state} now.`,
      remediation: 'Read the exception again.',
    };
  }
  if (command.expectedVersion !== null && command.expectedVersion !== String(row.revision)) {
    return {
      status: 'REFUSED',
      code: 'VERSION_CONFLICT',
      message: `The exception has changed: it is version ${row.revision} now.`,
      remediation: 'Read the exception again, and decide again.',
    };
  }
  return null;
}

/** Its attempts count from the beginning again. */
async function retry(tx: Transaction<WorkflowTables>, row: ExceptionTableRow): Promise<void> {
  await tx
    .updateTable('workflow_instance')
    .set(({ eb }) => ({ state: 'RUNNING', attempts: 0, next_attempt_at: null, revision: eb('revision', '+', 1) }))
    .where('id', '=', row.instance_id)
    .execute();
}

async function findPosting(
  db: Pick<Kysely<WorkflowTables>, 'selectFrom'>,
  transitionId: string,
): Promise<Posting | null> {
  const row = await db
    .selectFrom('workflow_posting')
    .select('posting')
    .where('transition_id', '=', transitionId)
    .executeTakeFirst();
  return row ? (JSON.parse(row.posting) as Posting) : null;
}

function toException(row: ExceptionTableRow): ExceptionRow {
  return {
    id: row.id,
    workflow: row.rule,
    step: row.step,
    code: row.code,
    system: row.system,
    message: row.message,
    remediation: row.remediation,
    plantCode: row.plant_code,
    line: row.line,
    partner: null,
    subject: row.subject,
    eventId: row.event_id,
    eventType: row.event_type,
    correlationId: row.correlation_id,
    state: row.state,
    raisedAt: row.raised_at,
    changedAt: row.changed_at,
    occurrences: row.occurrences,
    resolution: row.resolution,
    resolvedBy: row.resolved_by,
    version: String(row.revision),
  };
}

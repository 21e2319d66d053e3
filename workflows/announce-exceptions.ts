import { entityId } from '../journal/entity-ref.ts';
import type { NewEvent } from '../journal/envelope.ts';
import type { Journal } from '../journal/journal.ts';
import type { Database } from '../storage/database.ts';
import { workflowPrincipal } from './client.ts';
import type { ExceptionTableRow, WorkflowTables } from './tables.ts';

/**
 * Tells the journal of every exception that it does not know of. The two stores share no transaction, so the exception
 * comes first and says what is announced; a crash in between announces it again under the same id, which the journal
 * recognises.
 */
export async function announceExceptions(database: Database<WorkflowTables>, journal: Journal): Promise<void> {
  const rows = await database.read
    .selectFrom('workflow_exception')
    .selectAll()
    .where(({ or, eb, ref }) =>
      or([
        eb('raised_announced', '<', ref('occurrences')),
        eb('state', '=', 'RESOLVED').and('resolved_announced', '=', 0),
      ]),
    )
    .orderBy('id')
    .execute();
  for (const row of rows) {
    const resolved = row.state === 'RESOLVED' && row.resolved_announced === 0;
    await journal.write(async (tx) => {
      if (row.raised_announced < row.occurrences) await tx.append(raisedEvent(row));
      if (resolved) await tx.append(resolvedEvent(row));
    });
    await database.write((tx) =>
      tx
        .updateTable('workflow_exception')
        .set({ raised_announced: row.occurrences, ...(resolved ? { resolved_announced: 1 } : {}) })
        .where('id', '=', row.id)
        .execute(),
    );
  }
}

function raisedEvent(row: ExceptionTableRow): NewEvent {
  return {
    ...envelopeOf(row, `raised/${row.occurrences}`),
    type: 'exception.raised',
    stateChange: row.occurrences === 1 ? '>OPEN' : 'RETRYING>OPEN',
    data: { exceptionId: row.id, workflow: row.rule, step: row.step, message: row.message },
  };
}

function resolvedEvent(row: ExceptionTableRow): NewEvent {
  return {
    ...envelopeOf(row, 'resolved'),
    type: 'exception.resolved',
    stateChange: '>RESOLVED',
    data: { exceptionId: row.id, workflow: row.rule, resolution: row.resolution ?? '' },
  };
}

function envelopeOf(row: ExceptionTableRow, what: string) {
  return {
    id: `exception/${row.id}/${what}`,
    source: `/plants/${row.plant_code}/andon`,
    subject: entityId(row.plant_code, 'exception', row.id),
    plantCode: row.plant_code,
    line: row.line,
    partner: null,
    occurredAt: row.changed_at,
    correlationId: row.correlation_id,
    causationId: row.event_id,
    actorId: workflowPrincipal.id,
    actorKind: workflowPrincipal.kind,
  };
}

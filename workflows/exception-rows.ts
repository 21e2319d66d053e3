import type { Transaction } from 'kysely';
import type { Instance } from './instance.ts';
import type { StepProblem } from './problem.ts';
import { inWords } from './rule.ts';
import type { WorkflowTables } from './tables.ts';

/*
 * An exception is OPEN (a person has to look), RETRYING (that person had it tried again) or RESOLVED (it got through, or a
 * person closed it). OPEN → RETRYING by `retryException`; OPEN or RETRYING → RESOLVED by `resolveException` or when the
 * instance completes; RETRYING → OPEN when it did not get through again. One exception for each instance, whatever it
 * meets: nothing leaves RESOLVED.
 */

export interface NewException {
  readonly id: string;
  readonly instance: Instance;
  readonly problem: StepProblem;
  readonly raisedAt: string;
}

/** Raises it, or raises it again; one that is open already only learns the latest problem. */
export async function raiseException(
  tx: Transaction<WorkflowTables>,
  { id, instance, problem, raisedAt }: NewException,
): Promise<void> {
  const known = await tx
    .selectFrom('workflow_exception')
    .select(['id', 'state', 'occurrences', 'revision'])
    .where('instance_id', '=', instance.id)
    .where('state', '<>', 'RESOLVED')
    .executeTakeFirst();
  const { step, code, system, remediation } = problem;
  const content = {
    step,
    code,
    system,
    remediation,
    message: `${inWords(instance.rule)}: ${problem.message}`,
    state: 'OPEN' as const,
    changed_at: raisedAt,
  };
  if (!known) {
    const { event } = instance;
    await tx
      .insertInto('workflow_exception')
      .values({
        ...content,
        id,
        instance_id: instance.id,
        rule: instance.rule,
        plant_code: event.plantCode,
        line: event.line,
        subject: event.subject,
        event_id: event.id,
        event_type: event.type,
        correlation_id: event.correlationId,
        raised_at: raisedAt,
        occurrences: 1,
        resolution: null,
        resolved_by: null,
        revision: 1,
        raised_announced: 0,
        resolved_announced: 0,
      })
      .execute();
    return;
  }
  const occurrences = known.state === 'OPEN' ? known.occurrences : known.occurrences + 1;
  await tx
    .updateTable('workflow_exception')
    .set({ ...content, occurrences, revision: known.revision + 1 })
    .where('id', '=', known.id)
    .execute();
}

/** @returns whether there was one */
export async function resolveByCompletion(
  tx: Transaction<WorkflowTables>,
  instanceId: string,
  resolvedAt: string,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('workflow_exception')
    .set(({ eb }) => ({
      state: 'RESOLVED',
      resolution: 'It has got through.',
      changed_at: resolvedAt,
      revision: eb('revision', '+', 1),
    }))
    .where('instance_id', '=', instanceId)
    .where('state', '<>', 'RESOLVED')
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

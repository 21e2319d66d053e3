import { entityId } from '../../journal/entity-ref.ts';
import type { JournalEvent } from '../../journal/envelope.ts';
import type { StepProblem } from '../problem.ts';
import type { RuleGraph, Verdicts } from '../rule.ts';

/** The order is held already, or over. */
export const heldAlready: Verdicts = { holdProductionOrder: { STATE_NOT_ALLOWED: 'DONE' } };

/**
 * An order that is released in one system and not in another is worked on by nobody until a person has looked (W1). It is
 * held once for each release: whoever resumes it has decided.
 */
export async function holdOrderOfFailedRelease(
  { plantCode, data }: JournalEvent<'production.order.released'>,
  graph: RuleGraph,
  { message }: StepProblem,
): Promise<void> {
  const orderId = entityId(plantCode, 'production-order', data.orderNo);
  const reason = `The release has not got through everywhere: ${message}`;
  await graph.transition('holdProductionOrder', { orderId }, { step: 'hold order', reason });
}

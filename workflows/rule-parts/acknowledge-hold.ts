import type { JournalEvent } from '../../journal/envelope.ts';
import type { RuleGraph } from '../rule.ts';

export type HoldPlaced = JournalEvent<'quality.hold.placed'>;

/** The reason of what a hold makes a system do. */
export function reasonOf({ data }: HoldPlaced): string {
  return `Hold ${data.holdNo}: ${data.reason}`;
}

/** A system has done what the hold asks of it. @param message what that was */
export async function acknowledge(
  graph: RuleGraph,
  { subject: holdId }: HoldPlaced,
  system: 'ERP' | 'MES',
  message: string,
): Promise<void> {
  await graph.transition('acknowledgeHold', { holdId, system, failed: false, message }, { step: 'acknowledge' });
}

/** It could not. @param message why */
export async function acknowledgeFailure(
  graph: RuleGraph,
  { subject: holdId }: HoldPlaced,
  system: 'ERP' | 'MES',
  message: string,
): Promise<void> {
  const input = { holdId, system, failed: true, message };
  await graph.transition('acknowledgeHold', input, { step: 'acknowledge-failure', reason: message });
}

export function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

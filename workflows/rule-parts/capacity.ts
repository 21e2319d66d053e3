import type { EntityId } from '../../journal/entity-ref.ts';
import type { RuleGraph } from '../rule.ts';

/** The ERP plans nothing on them. It counts causes: what two have closed, both have to reopen. */
export async function closeCapacity(
  graph: RuleGraph,
  workCenters: readonly EntityId[],
  { causeRef, reason }: { readonly causeRef: EntityId; readonly reason?: string },
): Promise<void> {
  await graph.each(workCenters, (workCenterId) => {
    const input = { workCenterId, capacityStatus: 'UNAVAILABLE', causeRef };
    return graph.transition('setWorkCenterCapacity', input, {
      step: `close ${workCenterId}`,
      ...(reason && { reason }),
    });
  });
}

export async function reopenCapacity(
  graph: RuleGraph,
  workCenters: readonly EntityId[],
  causeRef: EntityId,
): Promise<void> {
  await graph.each(workCenters, (workCenterId) => {
    const input = { workCenterId, capacityStatus: 'AVAILABLE', causeRef };
    return graph.transition('setWorkCenterCapacity', input, { step: `reopen ${workCenterId}` });
  });
}

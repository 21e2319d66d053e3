import type { EntityId } from '../../journal/entity-ref.ts';

export type OwningSystem = 'ERP' | 'MES' | 'QMS' | 'CMMS' | 'ANDON';

/** One reason why a transition is, or would be, refused. Data, not an error: the shape of `Rejection` in the graph. */
export interface Rejection {
  readonly code: string;
  readonly system: OwningSystem;
  readonly guard: string;
  readonly message: string;
  readonly remediation: string | null;
  readonly blockingRef: EntityId | null;
}

/** The same reason is told once, whoever found it. */
export function distinctRejections(rejections: readonly Rejection[]): readonly Rejection[] {
  const isSame = (a: Rejection, b: Rejection) => a.code === b.code && a.message === b.message;
  return rejections.filter((one, index) => rejections.findIndex((other) => isSame(one, other)) === index);
}

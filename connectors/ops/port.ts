import type { Page, PageRequest } from '../page.ts';
import type { PostingPort, SystemCommand } from '../posting.ts';

/** Andon's own system of record, in the shape of any other's: what did not get through, and waits or waited for a person. */
export interface ExceptionPort extends PostingPort<ExceptionCommand> {
  exceptionsByIds(ids: readonly string[]): Promise<ReadonlyMap<string, ExceptionRow>>;
  /** Oldest first. */
  exceptions(
    filter: ExceptionFilter,
    page: PageRequest,
    scope: { readonly plantCodes: readonly string[] | null },
  ): Promise<Page<ExceptionRow>>;
}

export interface ExceptionRow {
  readonly id: string;
  readonly workflow: string;
  readonly step: string;
  readonly code: string;
  readonly system: string | null;
  readonly message: string;
  readonly remediation: string | null;
  readonly plantCode: string;
  readonly line: string | null;
  /** What did not get through is the plant's own affair. */
  readonly partner: null;
  readonly subject: string;
  readonly eventId: string;
  readonly eventType: string;
  readonly correlationId: string;
  readonly state: 'OPEN' | 'RETRYING' | 'RESOLVED';
  readonly raisedAt: string;
  readonly changedAt: string;
  readonly occurrences: number;
  readonly resolution: string | null;
  readonly resolvedBy: string | null;
  readonly version: string;
}

export interface ExceptionFilter {
  /** Null: every plant that the reader may see. */
  readonly plantCode?: string | null;
  readonly states?: readonly ExceptionRow['state'][] | null;
  readonly workflow?: string | null;
  readonly subject?: string | null;
}

/** What a person may do about one. */
export interface ExceptionCommand extends SystemCommand<'retryException' | 'resolveException'> {
  readonly exceptionId: string;
  /** What the person has done about it. */
  readonly resolution: string | null;
}

import type { AccessEntry, Coded } from '../request/access-entry.ts';
import type { Span } from '../request/span.ts';
import { codesOf } from './error-codes.ts';

/** The work failed with these, in part or as a whole. By their codes: sentences and paths may have values in them. */
export function tellErrors(span: Span, errors: readonly Coded[]): void {
  const [first] = tellCodes(span, errors);
  if (first !== undefined) span.fail(first);
}

/** A client was told these, which may be its own fault. @returns their codes, each once */
function tellCodes(span: Span, errors: readonly Coded[]): readonly string[] {
  if (errors.length === 0 || !span.isSampled) return [];
  const codes = codesOf(errors);
  span.tell({ 'andon.error.count': errors.length, 'andon.error.codes': codes });
  return codes;
}

/** Where one request is watched. */
interface Watched {
  readonly span?: Span | undefined;
  readonly entry?: AccessEntry | undefined;
}

/** The same for whoever watches the request. */
export function tellWatchers({ span, entry }: Watched, errors: readonly Coded[]): void {
  if (span) tellCodes(span, errors);
  entry?.told(errors);
}

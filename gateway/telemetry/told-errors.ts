import type { Span } from '../request/span.ts';
import { type Coded, labelOfCode } from './error-codes.ts';

/** Codes of one answer that are told. */
const maxCodes = 8;

/** The work failed with these, in part or as a whole. By their codes: sentences and paths may have values in them. */
export function tellErrors(span: Span, errors: readonly Coded[]): void {
  const [first] = tellCodes(span, errors);
  if (first !== undefined) span.fail(first);
}

/** A client was told these, which may be its own fault. @returns their codes, each once */
export function tellCodes(span: Span, errors: readonly Coded[]): readonly string[] {
  if (errors.length === 0 || !span.isSampled) return [];
  const codes = [...new Set(errors.map(labelOfCode))].slice(0, maxCodes);
  span.tell({ 'andon.error.count': errors.length, 'andon.error.codes': codes });
  return codes;
}

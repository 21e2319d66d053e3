/** One event as its clients get it: resolved and encoded once, however many there are. */
export interface StreamEvent {
  /** The JSON text of one whole response. */
  readonly body: string;
  readonly bytes: number;
  /** Where a client may go on that has got this event last. */
  readonly cursor: string | undefined;
}

/**
 * The same event for a client that has missed others before it.
 * @param body as `AnswerWriter` writes it: the extensions come last
 * @returns the body with `extensions.skipped`
 */
export function withSkipped(body: string, skipped: number): string {
  const at = body.lastIndexOf(',"extensions":{');
  // Data may have a field of this name, but then the response has no extensions of its own, which begin with its sources.
  if (at === -1 || !body.startsWith(sources, at)) return `${body.slice(0, -1)},"extensions":{"skipped":${skipped}}}`;
  const members = at + ',"extensions":{'.length;
  return `${body.slice(0, members)}"skipped":${skipped},${body.slice(members)}`;
}

const sources = ',"extensions":{"sources":[';

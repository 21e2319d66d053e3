const longestExcerpt = 40;

/** The beginning of what was given, so that it is recognised; control characters are escaped. */
export function excerptOf(given: unknown): string {
  const written = JSON.stringify(given) ?? 'nothing';
  return written.length <= longestExcerpt ? written : `${written.slice(0, longestExcerpt)}…`;
}

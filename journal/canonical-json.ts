/**
 * JSON with one spelling: keys sorted by code unit, no spaces, numbers as ECMAScript prints them (RFC 8785). What JSON
 * cannot say (undefined, functions) is left out as `JSON.stringify` does.
 */
export function canonicalJson(value: unknown): string {
  return written(JSON.parse(JSON.stringify(value) ?? 'null'));
}

function written(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(written).join(',')}]`;
  const members = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${members.map(([key, item]) => `${JSON.stringify(key)}:${written(item)}`).join(',')}}`;
}

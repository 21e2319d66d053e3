/** Anything but what JSON takes as it is: quotes, backslashes, control characters and lone surrogates need work. */
const needsEscape = /[^ !#-[\]-\ud7ff\ue000-\uffff]/;

/** `JSON.stringify` of a string; most strings need no escape, and looking first is cheaper than escaping. */
export function quote(text: string): string {
  return needsEscape.test(text) ? JSON.stringify(text) : `"${text}"`;
}

/** JSON text of any response value; `undefined` becomes null. */
export function jsonText(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : 'null';
  return JSON.stringify(value) ?? 'null';
}

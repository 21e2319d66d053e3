/** The parts of a natural key as one text, `BER/10001`: the key by which a list is paged. */
export function naturalKey(...parts: readonly string[]): string {
  return parts.map(encodeURIComponent).join('/');
}

/** @returns the parts, or null when the text is not a key of `length` parts: it came from outside */
export function partsOfKey(key: string, length: number): readonly string[] | null {
  try {
    const parts = key.split('/').map(decodeURIComponent);
    return parts.length === length ? parts : null;
  } catch {
    return null;
  }
}

/** A list was asked to go on after something that is none of its keys. */
export class BadPageKeyError extends Error {
  readonly code = 'INVALID_CURSOR';
  readonly expose = true;

  constructor() {
    super('after must be a cursor of this list: an edge cursor or pageInfo.endCursor.');
    this.name = 'BadPageKeyError';
  }
}

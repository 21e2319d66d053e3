import { createHash } from 'node:crypto';
import { BoundedCache } from '../../runtime/bounded-cache.ts';
import { refuse } from '../request/request-error.ts';

/** Characters of all registered documents together. */
const maxCharacters = 16_777_216;

/**
 * Automatic persisted queries: a client sends only the SHA-256 of its document; where that is not known, it is told so
 * and sends both once. Clients recognise the message, so its words are fixed:
 * https://www.apollographql.com/docs/apollo-server/performance/apq
 */
export class PersistedQueries {
  readonly #texts: BoundedCache<string>;

  constructor(maxEntries: number) {
    this.#texts = new BoundedCache(maxCharacters, maxEntries);
  }

  /** @throws RequestError the hash is unknown, or is not that of the text */
  textOf(hash: string, text: string | undefined): string {
    if (text === undefined) {
      const known = this.#texts.get(hash);
      if (known === undefined) throw refuse(200, 'PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound');
      return known;
    }
    if (createHash('sha256').update(text).digest('hex') !== hash) {
      throw refuse(
        400,
        'PERSISTED_QUERY_HASH_MISMATCH',
        'provided sha does not match query: send the SHA-256 of exactly this text, in small hexadecimal digits, or the text alone.',
      );
    }
    // One that could push out most others is not worth keeping.
    if (text.length <= maxCharacters / 16) this.#texts.set(hash, text, text.length);
    return text;
  }
}

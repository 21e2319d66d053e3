import type { ServerResponse } from 'node:http';
import type { Coded } from './access-entry.ts';

/** How a request was refused before all of it had come. */
export interface LastWords {
  readonly status: number;
  /** Of the body. */
  readonly bytes: number;
  /** Those that nobody has told whoever watches the request. */
  readonly errors: readonly Coded[];
}

const said = new WeakMap<ServerResponse, LastWords>();

/**
 * The answer is written whole, though Node may never come to know: it waits for a client that goes on sending, or went out
 * beside the response.
 */
export function noteLastWords(response: ServerResponse, words: LastWords): void {
  said.set(response, words);
}

export const lastWordsOf = (response: ServerResponse): LastWords | undefined => said.get(response);

/** Whether the whole answer has been written. */
export const isAnswered = (response: ServerResponse): boolean => response.writableEnded || said.has(response);

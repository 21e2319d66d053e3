export interface ReadTextOptions {
  /** Longer texts are not read to their end. */
  readonly maxBytes: number;
  /** That of the request. */
  readonly signal: AbortSignal;
}

/**
 * Reads the body of an answer of `fetch`, and gives it up when its request is aborted. `fetch` itself does not in Node 20
 * (undici 6.24) where the end of a packed body has arrived, but is not unpacked: who reads would wait for ever.
 * @returns undefined where it is too long, whatever its length is said to be @throws the reason of an abort
 */
export async function readText({ body }: Response, { maxBytes, signal }: ReadTextOptions): Promise<string | undefined> {
  const reader = body?.getReader();
  const giveUp = () => void reader?.cancel().catch(() => undefined);
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    const decoder = new TextDecoder();
    let text = '';
    for (let bytes = 0; ; ) {
      signal.throwIfAborted();
      const { value, done } = (await reader?.read()) ?? { done: true };
      signal.throwIfAborted();
      if (done || !value) return text + decoder.decode();
      bytes += value.byteLength;
      if (bytes > maxBytes) return undefined;
      text += decoder.decode(value, { stream: true });
    }
  } finally {
    signal.removeEventListener('abort', giveUp);
    giveUp();
  }
}

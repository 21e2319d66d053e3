import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { errorCode } from '../../runtime/error-code.ts';
import { readText } from '../../runtime/read-text.ts';
import type { Timers } from '../../runtime/timers.ts';

/** Where a supergraph comes from. */
export interface SupergraphSource {
  /** For logs and messages. */
  readonly name: string;
  /** @returns the supergraph, or undefined while it is the one of the last call. @throws SupergraphSourceError */
  read(): Promise<string | undefined>;
}

/** The supergraph cannot be had. The sentence says what to do. */
export class SupergraphSourceError extends Error {
  readonly code = 'SUPERGRAPH_UNREADABLE';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SupergraphSourceError';
  }
}

/** Larger ones are no supergraphs: one of 100 subgraphs and 3,000 types has about 2,000,000. */
const maxBytes = 67_108_864;

/** Milliseconds after which a file that changes is looked at again: who writes it in place may not be done. */
const settleMs = 100;

/** What is needed of `fetch`. */
export type FetchText = (
  url: string,
  init: { headers: Record<string, string>; signal: AbortSignal },
) => Promise<Response>;

export interface UrlSourceOptions {
  readonly timers: Timers;
  readonly timeoutMs: number;
  /** @default the built-in fetch */
  readonly fetch?: FetchText;
}

/** @param location a path, or an http(s) URL */
export function createSupergraphSource(location: string, options: UrlSourceOptions): SupergraphSource {
  return /^https?:\/\//i.test(location) ? createUrlSource(location, options) : createFileSource(location, options);
}

/**
 * Looked at rather than watched: a file that is replaced by renaming, a mounted ConfigMap and a network share change
 * without the events that watching waits for. One that is being written is left for the next look: the beginning of a
 * supergraph may well be one, with less in it.
 */
function createFileSource(path: string, { timers }: UrlSourceOptions): SupergraphSource {
  let last = '';
  const failed = (reason: string, cause?: unknown) =>
    new SupergraphSourceError(`The supergraph ${path} cannot be read (${reason}). Make it with "andon compose".`, {
      cause,
    });
  const look = async () => {
    const { mtimeMs, size, ino } = await stat(path);
    if (size > maxBytes) throw failed(`it has more than ${maxBytes} bytes`);
    return `${mtimeMs} ${size} ${ino}`;
  };
  return {
    name: path,
    async read() {
      try {
        const version = await look();
        if (version === last) return undefined;
        if (last !== '') await timers.sleep(settleMs);
        const text = await readFile(path, 'utf8');
        if ((await look()) !== version) return last === '' ? this.read() : undefined;
        last = version;
        return text;
      } catch (cause) {
        if (cause instanceof SupergraphSourceError) throw cause;
        throw failed(errorCode(cause) ?? 'unreadable', cause);
      }
    },
  };
}

/**
 * Asks with the ETag of the last answer, so that an unchanged supergraph costs one empty response. A server without ETags
 * sends it each time, and is heard once.
 */
function createUrlSource(
  url: string,
  { timers, timeoutMs, fetch: fetchText = fetch }: UrlSourceOptions,
): SupergraphSource {
  let etag: string | null = null;
  let last: string | undefined;
  const failed = (reason: string, cause?: unknown) =>
    new SupergraphSourceError(`The supergraph ${url} cannot be read (${reason}). Check the address and its server.`, {
      cause,
    });
  return {
    name: url,
    async read() {
      const controller = new AbortController();
      const cancel = timers.after(timeoutMs, () => controller.abort());
      try {
        const headers = { accept: 'text/plain, application/graphql', ...(etag !== null && { 'if-none-match': etag }) };
        const response = await fetchText(url, { headers, signal: controller.signal });
        if (response.status === 304) return undefined;
        if (!response.ok) throw failed(`status ${response.status}`);
        const text = await readText(response, { maxBytes, signal: controller.signal });
        if (text === undefined) throw failed(`it has more than ${maxBytes} bytes`);
        etag = response.headers.get('etag');
        const digest = createHash('sha256').update(text).digest('base64');
        if (digest === last) return undefined;
        last = digest;
        return text;
      } catch (cause) {
        if (cause instanceof SupergraphSourceError) throw cause;
        throw failed(controller.signal.aborted ? `no answer in ${timeoutMs} ms` : `no answer${reasonOf(cause)}`, cause);
      } finally {
        cancel();
        // What is not read any more must not go on arriving.
        controller.abort();
      }
    },
  };
}

/** `fetch` says only that it failed, and why in the cause. */
function reasonOf(cause: unknown): string {
  const code = cause instanceof Error ? errorCode(cause.cause) : undefined;
  return code === undefined ? '' : `: ${code}`;
}

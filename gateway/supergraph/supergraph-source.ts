import { readFile, stat } from 'node:fs/promises';
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
  return /^https?:\/\//i.test(location) ? createUrlSource(location, options) : createFileSource(location);
}

/**
 * Looked at rather than watched: a file that is replaced by renaming, a mounted ConfigMap and a network share change
 * without the events that watching waits for.
 */
function createFileSource(path: string): SupergraphSource {
  let last = '';
  return {
    name: path,
    async read() {
      try {
        const { mtimeMs, size, ino } = await stat(path);
        const version = `${mtimeMs} ${size} ${ino}`;
        if (version === last) return undefined;
        const text = await readFile(path, 'utf8');
        last = version;
        return text;
      } catch (cause) {
        const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unreadable';
        throw new SupergraphSourceError(
          `The supergraph ${path} cannot be read (${reason}). Make it with "andon compose".`,
          { cause },
        );
      }
    },
  };
}

/** Asks with the ETag of the last answer, so that an unchanged supergraph costs one empty response. */
function createUrlSource(
  url: string,
  { timers, timeoutMs, fetch: fetchText = fetch }: UrlSourceOptions,
): SupergraphSource {
  let etag: string | null = null;
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
        const text = await response.text();
        etag = response.headers.get('etag');
        return text;
      } catch (cause) {
        if (cause instanceof SupergraphSourceError) throw cause;
        throw failed(controller.signal.aborted ? `no answer in ${timeoutMs} ms` : 'no answer', cause);
      } finally {
        cancel();
      }
    },
  };
}

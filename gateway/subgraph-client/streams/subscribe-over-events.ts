import type { IncomingHttpHeaders } from 'node:http';
import { Client, type Dispatcher } from 'undici';
import { forwardedTo } from '../../request/forwarded-headers.ts';
import { eventId } from '../event-id.ts';
import { isSigned } from '../is-signed.ts';
import type { SubgraphResponse } from '../local-subgraph.ts';
import { parseBody } from '../parse-body.ts';
import { codeForStatus, isAnswer } from '../status-code.ts';
import { SubgraphCallError } from '../subgraph-call-error.ts';
import { EventQueue } from './event-queue.ts';
import { EventStreamReader, EventTooLargeError, type ServerSentEvent } from './event-stream-reader.ts';
import { HeartbeatWatch } from './heartbeat-watch.ts';
import { readEvent } from './read-event.ts';
import type { StreamAttempt } from './stream-attempt.ts';
import { StreamRefusedError } from './stream-refused-error.ts';

/**
 * Server-sent events by the protocol of `graphql-sse` with a connection for each operation ("distinct connections mode"):
 * https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md
 */
export async function* subscribeOverEvents(attempt: StreamAttempt): AsyncGenerator<SubgraphResponse> {
  const { options, url, call } = attempt;
  const { origin, pathname, search } = new URL(url.replace(/^ws/, 'http'));
  // Until there is a stream the deadline is ours; the stream itself has none.
  const connection = new Client(origin, { connect: options.tls, headersTimeout: 0, bodyTimeout: 0 });
  const answer = new StreamAnswer(attempt);
  const cancelDeadline = options.runtime.timers.after(options.deadlines.timeoutMs, () => answer.late());
  const forget = call.context.cancellation?.onCancel(() => answer.events.complete());
  try {
    connection.dispatch(requestFor(attempt, `${pathname}${search}`), answer);
    for await (const event of answer.events.read()) yield event;
  } finally {
    answer.stop();
    cancelDeadline();
    forget?.();
    void connection.destroy();
  }
}

function requestFor({ options, call }: StreamAttempt, path: string): Dispatcher.DispatchOptions {
  const { lastEventId, requestId, forwarded } = call.context;
  const body = `${call.request.bodyHead}${call.variables}}`;
  const authorization = options.authorize(call, body);
  const headers = {
    'content-type': 'application/json',
    accept: 'text/event-stream',
    'cache-control': 'no-cache',
    'x-request-id': requestId,
    ...(authorization !== undefined && { authorization }),
    ...forwardedTo(options.forwarding, forwarded),
    // The bytes of its UTF-8, as browsers send them (HTML standard, 9.2.3).
    ...(lastEventId !== undefined && { 'last-event-id': Buffer.from(lastEventId).toString('latin1') }),
  };
  return { method: 'POST', path, headers, body };
}

/** The subgraph answered with something else than a stream of events. */
class NoStreamError extends Error {
  readonly code: string;

  constructor(status: number, contentType: string | undefined) {
    super(`HTTP status ${status} with ${contentType ?? 'no content-type'}, in place of an event stream`);
    this.name = 'NoStreamError';
    this.code = `HTTP_${status}`;
  }
}

/**
 * What comes back.
 *
 * `asking` until its head is there: too late → `ended`. An event stream → `streaming`; anything else → `refusing`.
 * `streaming`: each `next` is an event. `complete` → `ended`. It breaks off, falls silent, or says what nobody can read →
 *   `ended` with the code.
 * `refusing`: what it says is collected, and is the reason. Then, or when that comes too late → `ended`.
 */
class StreamAnswer implements Dispatcher.DispatchHandler {
  readonly events = new EventQueue<SubgraphResponse>();
  readonly #attempt: StreamAttempt;
  readonly #watch: HeartbeatWatch;
  readonly #reader: EventStreamReader;
  readonly #reasons: Buffer[] = [];
  #reasonBytes = 0;
  #statusCode = 0;
  #contentType: string | undefined;
  #state: 'asking' | 'streaming' | 'refusing' | 'ended' = 'asking';

  constructor(attempt: StreamAttempt) {
    this.#attempt = attempt;
    const { runtime, config } = attempt.options;
    this.#watch = new HeartbeatWatch({
      runtime,
      isDeaf: () => this.events.isThrottled,
      silent: () => this.#end('SUBGRAPH_UNAVAILABLE', new Error('its heartbeats have stopped')),
    });
    this.#reader = new EventStreamReader({
      maxBytes: config.maxResponseBytes,
      event: (event) => this.#take(event),
      comment: () => this.#watch.beat(),
    });
  }

  /** The deadline has passed. */
  late(): void {
    if (this.#state === 'streaming') return;
    this.#attempt.outcome('failed');
    const { timeoutMs } = this.#attempt.options.deadlines;
    this.#end('SUBGRAPH_TIMEOUT', new Error(`no event stream within ${timeoutMs} ms`));
  }

  /** Nobody wants more. */
  stop(): void {
    this.#state = 'ended';
    this.#watch.stop();
  }

  /** By this method undici knows a handler of its present kind. */
  onRequestStart(): void {}

  onResponseStart(controller: Dispatcher.DispatchController, statusCode: number, headers: IncomingHttpHeaders): void {
    // Only a head that says something is one (RFC 9110, 15.2).
    if (statusCode < 200 || this.#state !== 'asking') return;
    this.#statusCode = statusCode;
    this.#contentType = headers['content-type'];
    const isStream = statusCode === 200 && /^text\/event-stream\s*(;|$)/i.test(headers['content-type'] ?? '');
    this.#state = isStream ? 'streaming' : 'refusing';
    if (!isStream) return;
    this.#attempt.outcome('answered');
    this.#watch.heard();
    this.events.throttle({
      pause: () => controller.pause(),
      resume: () => {
        this.#watch.heard();
        controller.resume();
      },
    });
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#state === 'streaming') {
      this.#watch.heard();
      this.#read(chunk);
    } else if (this.#state === 'refusing') {
      this.#reasonBytes += chunk.length;
      if (this.#reasonBytes > this.#attempt.options.config.maxResponseBytes) this.#refused(undefined);
      else this.#reasons.push(chunk);
    }
  }

  onResponseEnd(): void {
    if (this.#state === 'refusing') this.#refused(parseBody(Buffer.concat(this.#reasons).toString('utf8')));
    else this.#end('SUBGRAPH_UNAVAILABLE', new Error('the stream broke off'));
  }

  onResponseError(_controller: Dispatcher.DispatchController, cause: Error): void {
    if (this.#state !== 'ended') this.#attempt.outcome('failed');
    this.#end('SUBGRAPH_UNAVAILABLE', cause);
  }

  #read(chunk: Buffer): void {
    try {
      this.#reader.push(chunk);
    } catch (cause) {
      if (cause instanceof SubgraphCallError) this.#endWith(cause);
      else if (cause instanceof EventTooLargeError) this.#end('SUBGRAPH_MALFORMED_RESPONSE', cause);
      else throw cause;
    }
  }

  /** A name that nobody knows is for somebody else; some servers leave out that of the results. */
  #take({ type, data, id }: ServerSentEvent): void {
    if (this.#state !== 'streaming') return;
    if (type === 'complete') {
      this.stop();
      this.events.complete();
    } else if (type === 'next' || (type === '' && data !== '')) {
      const event = readEvent(this.#attempt.options.service, parseBody(data), data);
      this.events.next(id === undefined || id === '' ? event : { ...event, [eventId]: id });
    }
  }

  #refused(body: unknown): void {
    const { outcome, options, call } = this.#attempt;
    const { service } = options;
    const code = codeForStatus(this.#statusCode);
    outcome(code === 'SUBGRAPH_UNAVAILABLE' ? 'failed' : 'answered');
    const status = this.#statusCode;
    if (isAnswer(status, body, isSigned(options, call)) && hasErrors(body)) this.#endWith(refusalFrom(service, body));
    else {
      const cause = new NoStreamError(status, this.#contentType);
      this.#endWith(new SubgraphCallError(code, service, { cause, ...(status >= 300 && { status }) }));
    }
  }

  #end(code: SubgraphCallError['code'], cause?: Error): void {
    this.#endWith(new SubgraphCallError(code, this.#attempt.options.service, { cause }));
  }

  #endWith(cause: unknown): void {
    if (this.#state === 'ended') return;
    this.stop();
    this.events.error(cause);
  }
}

const hasErrors = (body: unknown) => typeof body === 'object' && body !== null && 'errors' in body;

function refusalFrom(service: string, body: unknown): Error {
  try {
    return new StreamRefusedError(service, readEvent(service, body));
  } catch (cause) {
    if (cause instanceof SubgraphCallError) return cause;
    throw cause;
  }
}

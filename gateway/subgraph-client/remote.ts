import { Pool } from 'undici';
import { errorCode } from '../../runtime/error-code.ts';
import { loggedReason } from '../../runtime/logged-reason.ts';
import { UnpackError } from '../../runtime/unpack.ts';
import type { Cancellation } from '../request/cancellation.ts';
import { forwardedTo } from '../request/forwarded-headers.ts';
import { longBytes, noRoom } from './answer-room.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import { withDeadline } from './deadline.ts';
import { exchange, NoRoomError } from './exchange.ts';
import { hedge } from './hedge.ts';
import type { SubgraphResponse } from './local-subgraph.ts';
import { parseBody } from './parse-body.ts';
import { readResponse } from './read-response.ts';
import type { RemoteOptions } from './remote-options.ts';
import { createRemoteSubscribe } from './remote-subscribe.ts';
import { isRepeatable } from './repeatable.ts';
import { RetryBudget } from './retry-budget.ts';
import { codeForStatus, isAnswer } from './status-code.ts';
import { SubgraphCallError } from './subgraph-call-error.ts';
import type { SubgraphCall, SubgraphClient } from './subgraph-client.ts';

/**
 * A subgraph over HTTP, on kept-alive connections. What a call passes, from outside in: the deadline, the queue's bound,
 * the circuit breaker, repetition, the hedge.
 */
export function createRemoteClient(options: RemoteOptions): SubgraphClient {
  const { service, deadlines, url, tls, runtime, config } = options;
  const { origin, pathname, search } = new URL(url);
  const pool = new Pool(origin, {
    connections: config.maxConnections,
    connect: tls,
    // Deadlines are ours: undici's own would add timers to every request.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: config.maxResponseBytes,
  });
  const breaker = createBreaker(options);
  const budget = new RetryBudget(config.retryBudgetPercent);
  const send = (call: SubgraphCall, cancellation: Cancellation) =>
    post(options, pool, `${pathname}${search}`, call, cancellation);
  const hedging = { timers: runtime.timers, afterMs: config.hedgeAfterMs, mayHedge: () => budget.spend() };
  const attempt = (call: SubgraphCall, cancellation: Cancellation) =>
    config.hedgeAfterMs > 0 && call.request.operationKind === 'query'
      ? hedge(hedging, cancellation, (one) => send(call, one))
      : send(call, cancellation);
  let running = 0;

  async function attempts(call: SubgraphCall, cancellation: Cancellation): Promise<SubgraphResponse> {
    budget.called();
    for (let sent = 1; ; sent += 1) {
      try {
        return await attempt(call, cancellation);
      } catch (cause) {
        // Whoever ended it has answered and told of it: the deadline, or the client that went.
        if (cancellation.aborted) throw new SubgraphCallError('REQUEST_ABORTED', service, { cause });
        const mayRepeat = sent < config.maxAttempts && isWorthRepeating(cause);
        if (!mayRepeat || !isRepeatable(call, config.idempotencyKey) || !budget.spend()) {
          throw toCallError(options, call, cause);
        }
      }
      call.context.span?.tell({ 'http.request.resend_count': sent });
      await runtime.timers.sleep(config.retryDelayMs * 2 ** (sent - 1));
      if (cancellation.aborted) throw new SubgraphCallError('REQUEST_ABORTED', service);
    }
  }

  async function execute(call: SubgraphCall): Promise<SubgraphResponse> {
    if (running >= config.maxConnections + config.maxQueued)
      throw new SubgraphCallError('SUBGRAPH_OVERLOADED', service);
    const admitted = breaker.admit();
    if (!admitted) throw new SubgraphCallError('SUBGRAPH_CIRCUIT_OPEN', service);
    running += 1;
    try {
      const response = await withDeadline(service, deadlines, call.context, (cancellation) =>
        attempts(call, cancellation),
      );
      admitted.answered();
      return response;
    } catch (cause) {
      admitted[outcomeOf(cause)]();
      throw cause;
    } finally {
      running -= 1;
    }
  }

  return {
    service,
    url,
    execute,
    subscribe: createRemoteSubscribe(options, breaker),
    mayShare: () => breaker.isResponsive,
    isLeftAlone: () => breaker.isOpen,
    close: () => pool.destroy(),
  };
}

function createBreaker({ service, url, runtime: { clock, log }, config }: RemoteOptions): CircuitBreaker {
  const { breakerFailures: failures, breakerSlowMs: slowMs, breakerProbeMs: probeMs } = config;
  return new CircuitBreaker({
    clock,
    failures,
    slowMs,
    probeMs,
    changed(state) {
      if (state === 'open') log.warn('subgraph left alone', { subgraph: service, url });
      else log.info('subgraph answers again', { subgraph: service, url });
    },
  });
}

/** An answer that is refused or malformed is still an answer. */
function outcomeOf(cause: unknown): 'answered' | 'failed' | 'abandoned' {
  const code = cause instanceof SubgraphCallError ? cause.code : undefined;
  if (code === 'SUBGRAPH_UNAVAILABLE' || code === 'SUBGRAPH_TIMEOUT') return 'failed';
  return code === 'REQUEST_ABORTED' || code === undefined ? 'abandoned' : 'answered';
}

async function post(
  options: RemoteOptions,
  pool: Pool,
  path: string,
  call: SubgraphCall,
  cancellation: Cancellation,
): Promise<SubgraphResponse> {
  const { service, authorize, forwarding } = options;
  const body = `${call.request.bodyHead}${call.variables}}`;
  const authorization = authorize(call, body);
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json',
    ...(options.config.compression && packs),
    'x-request-id': call.context.requestId,
    ...(authorization !== undefined && { authorization }),
    ...forwardedTo(forwarding, call.context.forwarded),
  };
  const { room } = options;
  const kind = call.request.operationKind;
  const maxBytes = options.config.maxResponseBytes;
  const request = { kind, path, headers, body, maxBytes };
  const { statusCode, text, taken } = await exchange(pool, request, cancellation, room);
  call.context.span?.tell({ 'http.response.status_code': statusCode });
  if (text.length > longBytes) await room.turns.next();
  room.giveBack(taken);
  const parsed = parseBody(text);
  if (statusCode < 400 || isAnswer(statusCode, parsed)) {
    try {
      return readResponse(service, parsed, text);
    } catch (cause) {
      const { requestId } = call.context;
      // The page of a proxy or of a login says by its first words what it is; what is JSON may be anybody's data.
      const begins = parsed === undefined ? text.slice(0, maxLogged) : undefined;
      const fields = { subgraph: service, requestId, statusCode, characters: text.length, begins };
      options.runtime.log.warn('subgraph gave no graphql answer', fields);
      throw cause;
    }
  }
  options.runtime.log.warn('subgraph answered with an error status', {
    subgraph: service,
    statusCode,
    requestId: call.context.requestId,
  });
  throw new SubgraphCallError(codeForStatus(statusCode), service, { cause: new StatusError(statusCode) });
}

/** Characters of such an answer that the log keeps. */
const maxLogged = 200;

const packs = { 'accept-encoding': 'gzip, br' };

/** Why an attempt brought no GraphQL answer. */
class StatusError extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`HTTP status ${status}`);
    this.name = 'StatusError';
    this.status = status;
  }
}

/**
 * Failures that another attempt may heal, though the subgraph may have seen this one. Where several addresses refused,
 * Node wraps that in one AggregateError with the code of the first.
 */
const passingCodes: ReadonlySet<string | undefined> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
]);
/** Without 429: who asks for less must not get more. */
const passingStatuses: ReadonlySet<number> = new Set([502, 503, 504]);

function isWorthRepeating(cause: unknown): boolean {
  if (!(cause instanceof SubgraphCallError)) return passingCodes.has(errorCode(cause));
  return cause.cause instanceof StatusError && passingStatuses.has(cause.cause.status);
}

function toCallError(options: RemoteOptions, call: SubgraphCall, cause: unknown): SubgraphCallError {
  if (cause instanceof SubgraphCallError) return cause;
  const { service, runtime } = options;
  if (cause instanceof NoRoomError) return noRoom(call.request.operationKind, service, { cause });
  const { requestId } = call.context;
  runtime.log.warn('subgraph call failed', { subgraph: service, requestId, ...loggedReason(cause) });
  const isUnreadable = cause instanceof UnpackError || errorCode(cause) === 'UND_ERR_RES_EXCEEDED_MAX_SIZE';
  return new SubgraphCallError(isUnreadable ? 'SUBGRAPH_MALFORMED_RESPONSE' : 'SUBGRAPH_UNAVAILABLE', service, {
    cause,
  });
}

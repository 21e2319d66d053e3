import { Pool } from 'undici';
import type { Cancellation } from '../request/cancellation.ts';
import { isWorthRepeating, outcomeOf, toCallError } from './attempt-failure.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import { withDeadline } from './deadline.ts';
import { hedge } from './hedge.ts';
import type { SubgraphResponse } from './local-subgraph.ts';
import { mutationAnswered, withOutcome } from './mutation-outcome.ts';
import { post } from './post.ts';
import type { RemoteOptions } from './remote-options.ts';
import { isRepeatable } from './repeatable.ts';
import { RetryBudget } from './retry-budget.ts';
import { createRemoteSubscribe } from './streams/remote-subscribe.ts';
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
      mutationAnswered(call, response, config.idempotencyKey);
      return response;
    } catch (cause) {
      admitted[outcomeOf(cause)]();
      throw withOutcome(cause, call, config.idempotencyKey);
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

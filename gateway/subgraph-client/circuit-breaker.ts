import type { Clock } from '../../runtime/clock.ts';

export interface CircuitBreakerOptions {
  readonly clock: Clock;
  /** Calls in a row that failed, or wait too long, before the circuit opens. */
  readonly failures: number;
  /** Milliseconds after which a call that has no answer counts as failed, although it goes on. */
  readonly slowMs: number;
  /** Milliseconds between probes while the circuit is open. */
  readonly probeMs: number;
  /** Told of each change, for logs. */
  changed(state: 'open' | 'closed'): void;
}

/** One call that was let through. Exactly one of its methods is called, once. */
export interface AdmittedCall {
  /** The subgraph answered, whatever it said. */
  answered(): void;
  /** It could not be reached, or did not answer in time. */
  failed(): void;
  /** The client has gone: nothing was learnt. */
  abandoned(): void;
}

/**
 * Stops calls to a subgraph that does not answer, so that it costs neither its own time to recover nor the time of those
 * who ask.
 *
 * - `closed`: every call passes. Any answer forgets the failures before it. When `failures` calls in a row have failed, or
 *   have been waiting longer than `slowMs` with no answer to anybody meanwhile, it opens.
 * - `open`: calls are refused. Once `probeMs` have passed, the next call becomes the probe, and it is half-open.
 * - `half-open`: the probe is under way, and others are refused. An answer to any call closes the circuit; a failure opens
 *   it again; where the probe itself hangs, another call becomes the probe after `probeMs`. What was already under way
 *   when the circuit opened counts like a probe: an answer is an answer.
 */
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  /** When each running call began, oldest first. */
  readonly #running = new Map<AdmittedCall, number>();
  #state: 'closed' | 'open' | 'half-open' = 'closed';
  #failures = 0;
  #answeredAt = Number.NEGATIVE_INFINITY;
  #probeAt = 0;

  constructor(options: CircuitBreakerOptions) {
    this.#options = options;
  }

  /** Whether the subgraph answers, as far as is known. Where it is late, callers count for themselves: nobody joins a call. */
  get isResponsive(): boolean {
    if (this.#state !== 'closed') return false;
    const lateSince = this.#options.clock.monotonic() - this.#options.slowMs / 3;
    if (this.#answeredAt >= lateSince) return true;
    const oldest = this.#running.values().next();
    return oldest.done === true || oldest.value >= lateSince;
  }

  /** Whether the subgraph is left alone. */
  get isOpen(): boolean {
    return this.#state !== 'closed';
  }

  /** @returns undefined where the call is refused */
  admit(): AdmittedCall | undefined {
    const now = this.#options.clock.monotonic();
    if (this.#state === 'closed' && this.#isStuck(now)) this.#open(now);
    if (this.#state !== 'closed') {
      if (now < this.#probeAt) return undefined;
      this.#state = 'half-open';
      this.#probeAt = now + this.#options.probeMs;
    }
    return this.#begin(now);
  }

  #begin(now: number): AdmittedCall {
    const call: AdmittedCall = {
      answered: () => {
        this.#running.delete(call);
        this.#failures = 0;
        this.#answeredAt = this.#options.clock.monotonic();
        if (this.#state === 'closed') return;
        this.#state = 'closed';
        this.#options.changed('closed');
      },
      failed: () => {
        this.#running.delete(call);
        this.#failures += 1;
        const failedAt = this.#options.clock.monotonic();
        if (this.#state === 'half-open') this.#state = 'open';
        else if (this.#state === 'closed' && this.#failures >= this.#options.failures) this.#open(failedAt);
      },
      abandoned: () => void this.#running.delete(call),
    };
    this.#running.set(call, now);
    return call;
  }

  /** Usually one look: the oldest running call is young. */
  #isStuck(now: number): boolean {
    const { slowMs, failures } = this.#options;
    if (now - this.#answeredAt < slowMs) return false;
    let bad = this.#failures;
    for (const startedAt of this.#running.values()) {
      if (now - startedAt < slowMs) break;
      bad += 1;
      if (bad >= failures) break;
    }
    return bad >= failures;
  }

  #open(now: number): void {
    this.#state = 'open';
    this.#probeAt = now + this.#options.probeMs;
    // Those that hang now have been counted; what the probe says counts from here.
    this.#running.clear();
    this.#options.changed('open');
  }
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Clock } from '../../runtime/clock.ts';
import type { Coded } from '../request/access-entry.ts';
import { isAnswered, lastWordsOf } from '../request/last-words.ts';
import { labelOfCode, otherCode } from './error-codes.ts';
import { httpMethodOf } from './http-method.ts';

/** Read when somebody looks, so that they cost nothing meanwhile. */
export interface Levels {
  /** HTTP requests and operations of this process that run. */
  runningRequests(): number;
  /** Operations over transports that stream, and connections for them. */
  openStreams(): number;
  /** Subscriptions to subgraphs that clients share. */
  upstreamSubscriptions(): number;
  /** Bytes of answers that wait for their clients. */
  unsentBytes(): number;
  /** Requests answered with what was made for another, and calls to subgraphs. */
  joined(): { readonly answers: number; readonly calls: number };
  /** Subgraphs by name, and whether they are left alone. */
  circuits(): Iterable<readonly [service: string, isOpen: boolean]>;
}

export type OperationOutcome = 'ok' | 'errors' | 'refused' | 'failed';

/** Seconds; the finest is about what a known query takes. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Subgraphs name their errors as they like: what comes beyond so many codes is counted together. */
const maxCodes = 200;

/**
 * What is counted and timed while the gateway works, as Prometheus reads it
 * (https://prometheus.io/docs/instrumenting/exposition_formats/). Labels take few values: no name of an operation, no client.
 */
export class Metrics {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #registry = new Registry();
  readonly #codes = new Set<string>();
  readonly #requests = this.#histogram({
    name: 'andon_http_request_duration_seconds',
    help: 'Requests to /graphql from their arrival until their answer has left. Streams are none of them.',
    labelNames: ['method', 'status'],
  });
  readonly #operations = this.#histogram({
    name: 'andon_operation_duration_seconds',
    help: 'Queries and mutations that were run, over every transport.',
    labelNames: ['type', 'outcome'],
  });
  readonly #preparations = this.#histogram({
    name: 'andon_preparation_duration_seconds',
    help: 'Texts that were new: read, limited, validated, planned and compiled.',
    labelNames: ['outcome'],
  });
  readonly #calls = this.#histogram({
    name: 'andon_subgraph_call_duration_seconds',
    help: 'Calls to subgraphs, repetitions included; outcome is ok, errors, or the code of what went wrong.',
    labelNames: ['subgraph', 'outcome'],
  });
  readonly #errors = this.#counter({
    name: 'andon_errors_total',
    help: 'Errors that clients were told, by their code.',
    labelNames: ['code'],
  });
  readonly #misfits = this.#counter({
    name: 'andon_subgraph_misfits_total',
    help: 'Answers with something that a subgraph sent and that does not fit the schema.',
    labelNames: ['subgraph'],
  });
  readonly #events = this.#counter({
    name: 'andon_subscription_events_total',
    help: 'Events of subgraphs that were answered for their subscribers, each once however many listen.',
  });
  readonly #replacements = this.#counter({
    name: 'andon_supergraph_replacements_total',
    help: 'Supergraphs that were taken into use after the first, or refused.',
    labelNames: ['outcome'],
  });

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
    collectDefaultMetrics({ register: this.#registry });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Everything, in the text format of Prometheus. */
  read(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Once. */
  watch(levels: Levels): void {
    const registers = [this.#registry];
    const gauge = (name: string, help: string, level: () => number) =>
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(level());
        },
      });
    gauge('andon_running_requests', 'Requests and operations that run.', levels.runningRequests);
    gauge(
      'andon_open_streams',
      'Operations over transports that stream, and connections for them.',
      levels.openStreams,
    );
    gauge(
      'andon_upstream_subscriptions',
      'Subscriptions to subgraphs that clients share.',
      levels.upstreamSubscriptions,
    );
    gauge('andon_unsent_bytes', 'Bytes of answers that wait for their clients.', levels.unsentBytes);
    new Counter({
      name: 'andon_joined_total',
      help: 'Equal work that was done once for several: whole answers, and calls to subgraphs.',
      labelNames: ['work'],
      registers,
      collect() {
        const { answers, calls } = levels.joined();
        this.reset();
        this.inc({ work: 'answer' }, answers);
        this.inc({ work: 'call' }, calls);
      },
    });
    new Gauge({
      name: 'andon_subgraph_circuit_open',
      help: '1 while a subgraph does not answer and is left alone.',
      labelNames: ['subgraph'],
      registers,
      collect() {
        this.reset();
        for (const [subgraph, isOpen] of levels.circuits()) this.set({ subgraph }, isOpen ? 1 : 0);
      },
    });
  }

  requestArrived({ method = '' }: IncomingMessage, response: ServerResponse): void {
    const startedAt = this.#clock.monotonic();
    response.once('close', () => {
      if (isStream(response)) return;
      const answered = lastWordsOf(response)?.status ?? response.statusCode;
      const status = isAnswered(response) ? `${answered}` : 'aborted';
      const labels = { method: httpMethodOf(method) ?? 'other', status };
      this.#requests.observe(labels, this.#secondsSince(startedAt));
    });
  }

  operationStarted(type: string): (outcome: OperationOutcome) => void {
    return this.#timer((outcome, seconds) => this.#operations.observe({ type, outcome }, seconds));
  }

  preparationStarted(): (outcome: 'ok' | 'refused' | 'failed') => void {
    return this.#timer((outcome, seconds) => this.#preparations.observe({ outcome }, seconds));
  }

  callStarted(subgraph: string): (outcome: string) => void {
    return this.#timer((outcome, seconds) => this.#calls.observe({ subgraph, outcome }, seconds));
  }

  errorsTold(errors: readonly Coded[]): void {
    for (const error of errors) {
      const code = this.#label(labelOfCode(error));
      // Nobody is there to be told.
      if (code !== 'REQUEST_ABORTED') this.#errors.inc({ code });
    }
  }

  misfitted(subgraph: string): void {
    this.#misfits.inc({ subgraph });
  }

  eventAnswered(): void {
    this.#events.inc();
  }

  supergraphReplaced(outcome: 'used' | 'refused'): void {
    this.#replacements.inc({ outcome });
  }

  #label(code: string): string {
    if (this.#codes.has(code)) return code;
    if (this.#codes.size >= maxCodes) return otherCode;
    this.#codes.add(code);
    return code;
  }

  #timer<T extends string>(ended: (outcome: T, seconds: number) => void): (outcome: T) => void {
    const startedAt = this.#clock.monotonic();
    return (outcome) => ended(outcome, this.#secondsSince(startedAt));
  }

  #secondsSince(startedAt: number): number {
    return (this.#clock.monotonic() - startedAt) / 1000;
  }

  #histogram<T extends string>(described: Described<T>): Histogram<T> {
    return new Histogram({ ...described, buckets, registers: [this.#registry] });
  }

  #counter<T extends string>(described: Described<T>): Counter<T> {
    return new Counter({ ...described, registers: [this.#registry] });
  }
}

interface Described<T extends string> {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: T[];
}

/** They last as long as somebody listens. */
const isStream = (response: ServerResponse): boolean =>
  /^(text\/event-stream|multipart\/)/.test(String(response.getHeader('content-type')));

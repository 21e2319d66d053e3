import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Principal } from '../../auth/principal.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { AccessEntry, AnsweredOperation, Coded } from '../request/access-entry.ts';
import { isAnswered, lastWordsOf } from '../request/last-words.ts';
import { codesOf } from './error-codes.ts';
import { httpMethodOf } from './http-method.ts';

/**
 * One line in the log for each request, and for each operation of a connection that carries several; two for what stays
 * open. Never a text, a variable or a token.
 */
export class AccessLog {
  readonly #services: LogServices;

  constructor(services: LogServices) {
    this.#services = services;
  }

  requestArrived({ method = '' }: IncomingMessage, response: ServerResponse): AccessEntry {
    const fields = { method: httpMethodOf(method) ?? 'other' };
    const entry = new LoggedEntry('request answered', fields, this.#services);
    response.once('close', () => {
      if (!isAnswered(response)) entry.aborted();
      const words = lastWordsOf(response);
      if (words) {
        entry.told(words.errors);
        return entry.end({ status: words.status, bytes: words.bytes });
      }
      const length = response.getHeader('content-length');
      entry.end({
        ...(response.headersSent && { status: response.statusCode }),
        ...(length !== undefined && { bytes: Number(length) }),
      });
    });
    return entry;
  }

  /** An operation came to a connection or stream that carries several. */
  operationArrived(): AccessEntry {
    return new LoggedEntry('operation answered', {}, this.#services);
  }
}

type LogServices = Pick<Runtime, 'log' | 'clock'>;

type Fields = Readonly<Record<string, unknown>>;

interface EndFields {
  readonly status?: number;
  /** Of the body, as it was sent. */
  readonly bytes?: number;
}

class LoggedEntry implements AccessEntry {
  readonly #event: string;
  readonly #services: LogServices;
  readonly #startedAt: number;
  readonly #codes = new Set<string>();
  #fields: Fields;
  #operations = 0;
  /** Messages that a stream has sent; undefined where it is none. */
  #events: number | undefined;
  #isAborted = false;
  #hasEnded = false;

  constructor(event: string, fields: Fields, services: LogServices) {
    this.#event = event;
    this.#fields = fields;
    this.#services = services;
    this.#startedAt = services.clock.monotonic();
  }

  asked(requestId: string, principal: Principal | undefined): void {
    this.#fields = {
      requestId,
      ...this.#fields,
      ...(principal && { principal: principal.id, ...(principal.partner !== null && { partner: principal.partner }) }),
    };
  }

  ran({ kind, name }: AnsweredOperation): void {
    this.#operations += 1;
    const isFirst = this.#operations === 1;
    this.#fields = isFirst
      ? { ...this.#fields, type: kind, ...(name !== undefined && { operation: shortened(name) }) }
      : { ...this.#fields, operations: this.#operations };
  }

  told(errors: readonly Coded[]): void {
    for (const code of codesOf(errors)) this.#codes.add(code);
  }

  opened(): void {
    this.#events = 0;
    this.#services.log.info('stream opened', this.#fields);
  }

  sent(): void {
    if (this.#events !== undefined) this.#events += 1;
  }

  aborted(): void {
    this.#isAborted = true;
  }

  end(fields: EndFields = {}): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const isStream = this.#events !== undefined;
    this.#services.log.info(isStream ? 'stream ended' : this.#event, {
      ...this.#fields,
      ...fields,
      outcome: this.#outcome(fields.status),
      ...(this.#codes.size > 0 && { codes: [...this.#codes] }),
      ...(isStream && { events: this.#events }),
      durationMs: Math.round(10 * (this.#services.clock.monotonic() - this.#startedAt)) / 10,
    });
  }

  /** A client that leaves its stream has had what it wanted. */
  #outcome(status = 200): 'ok' | 'errors' | 'refused' | 'failed' | 'aborted' {
    if (this.#isAborted && this.#events === undefined) return 'aborted';
    if (status >= 500) return 'failed';
    if (this.#codes.size === 0) return status >= 400 ? 'refused' : 'ok';
    return this.#operations === 0 ? 'refused' : 'errors';
  }
}

/** Clients choose names as long as they like. */
const maxNameLength = 256;

const shortened = (name: string) => (name.length > maxNameLength ? `${name.slice(0, maxNameLength)}…` : name);

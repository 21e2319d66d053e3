import type { ServerResponse } from 'node:http';
import type { GraphQLFormattedError } from 'graphql';
import type { Principal } from '../../auth/principal.ts';
import type { AnswerWriter } from '../execution/write/answer-writer.ts';
import { refuse } from '../request/request-error.ts';
import type { UnsentAnswers } from '../server/unsent-answers.ts';
import { idTooLong, isTooLong } from '../subscriptions/operation-id.ts';
import type { OperationServices } from '../subscriptions/operation-services.ts';
import {
  type OwnCredentials,
  type RunningOperation,
  runOperation,
  type StreamedOperation,
  tooManyOperations,
} from '../subscriptions/run-operation.ts';
import { slowConsumer } from '../subscriptions/stream-client.ts';
import { completeEvent, eventStreamHeartbeat, eventStreamType, nextEvent } from './event-stream.ts';
import { HttpStream } from './http-stream.ts';

/** What streams need besides what their operations do. */
export interface StreamingServices extends OperationServices {
  readonly unsent: UnsentAnswers;
}

/**
 * `graphql-sse` in its single connection mode: one event stream for many operations, each started and stopped by a
 * request of its own.
 *
 * A stream is `reserved` by PUT, which gives its token; nobody opens it in time → gone. GET with the token → `open`; a
 * second GET meanwhile → 409. Operations may start in both states: what a reserved stream has to say waits. When the
 * connection closes, all its operations stop and the token is worth nothing. It works only for who reserved it.
 */
export class ReservedStreams {
  readonly #services: StreamingServices;
  readonly #streams = new Map<string, ReservedStream>();
  #isDraining = false;

  constructor(services: StreamingServices) {
    this.#services = services;
  }

  /** @returns the token @throws RequestError too many streams */
  reserve(principal: Principal | undefined): string {
    const { runtime, config, quota, unsent } = this.#services;
    // It costs memory, and the client nothing.
    const giveBack = quota.take(principal);
    const token = runtime.ids.next();
    const cancelTimeout = runtime.timers.after(config.streamReservationMs, () => this.#close(token));
    const owner = principal?.id;
    this.#streams.set(token, {
      owner,
      operations: new Map(),
      waiting: [],
      waitingCharacters: 0,
      hold: unsent.hold(() => this.#close(token)),
      http: undefined,
      cancelTimeout,
      giveBack,
    });
    return token;
  }

  /** @throws RequestError 404 no such stream, 409 it is open */
  open(token: string, principal: Principal | undefined, response: ServerResponse): void {
    const stream = this.#streamOf(token, principal);
    if (stream.http) throw refuse(409, 'STREAM_OPEN', 'This event stream is open already. Reserve another.');
    stream.cancelTimeout();
    const { answers, config, runtime, unsent } = this.#services;
    const http = new HttpStream({
      response,
      contentType: eventStreamType,
      heartbeat: eventStreamHeartbeat,
      config,
      runtime,
      unsent,
      tooSlow: () => [...stream.operations.keys()].map((id) => failedOperation(answers, id, [slowConsumer])).join(''),
    });
    stream.http = http;
    http.onClose(() => this.#close(token));
    http.write(eventStreamHeartbeat);
    stream.hold(0);
    for (const text of stream.waiting.splice(0)) http.write(text);
  }

  /**
   * Starts an operation whose answers go into the stream.
   * @throws RequestError 404 no such stream, 400 no operation id or one too long, 409 the id is in use, 429 too many operations
   */
  start(token: string, caller: OwnCredentials, operation: StreamedOperation): void {
    const stream = this.#streamOf(token, caller.principal);
    const id = operation.extensions['operationId'];
    if (typeof id !== 'string' || id === '') {
      throw refuse(400, 'OPERATION_ID_MISSING', 'Name the operation in "extensions.operationId".');
    }
    if (isTooLong(id)) throw refuse(400, idTooLong.extensions.code, idTooLong.message);
    if (stream.operations.has(id)) {
      throw refuse(409, 'OPERATION_ID_IN_USE', 'An operation with this id runs already. Choose another.');
    }
    if (stream.operations.size >= this.#services.config.maxOperations) {
      throw refuse(429, 'TOO_MANY_OPERATIONS', tooManyOperations.message);
    }
    const end = (text: string) => {
      stream.operations.delete(id);
      this.#send(token, stream, text);
      this.#closeIfDrained(token, stream);
    };
    const running = runOperation(this.#services, operation, caller, {
      next: (body) => this.#send(token, stream, operationEvent(id, body)),
      complete: () => end(completedOperation(id)),
      fail: (errors) => end(failedOperation(this.#services.answers, id, errors)),
      isCongested: () => stream.http?.isCongested() ?? false,
      onceRelieved: (run) => stream.http?.onceRelieved(run),
    });
    stream.operations.set(id, running);
  }

  /** Stops an operation, and says so in the stream, as the reference server does. @throws RequestError 404 no such stream */
  stop(token: string, principal: Principal | undefined, operationId: string): void {
    const stream = this.#streamOf(token, principal);
    const running = stream.operations.get(operationId);
    if (!running) return;
    running.stop();
    stream.operations.delete(operationId);
    this.#send(token, stream, completedOperation(operationId));
    this.#closeIfDrained(token, stream);
  }

  /** The gateway stops: each stream ends when it owes no answer. */
  drain(): void {
    this.#isDraining = true;
    for (const [token, stream] of [...this.#streams]) this.#closeIfDrained(token, stream);
  }

  #closeIfDrained(token: string, { operations }: ReservedStream): void {
    if (this.#isDraining && ![...operations.values()].some((running) => running.owesAnswer())) this.#close(token);
  }

  /** Another's stream is answered like none at all. */
  #streamOf(token: string, principal: Principal | undefined): ReservedStream {
    const stream = this.#streams.get(token);
    if (stream && stream.owner === principal?.id) return stream;
    throw refuse(404, 'STREAM_NOT_FOUND', 'No event stream has this token. Reserve one with PUT.');
  }

  #send(token: string, stream: ReservedStream, text: string): void {
    if (stream.http) {
      stream.http.write(text);
      return;
    }
    stream.waiting.push(text);
    stream.waitingCharacters += text.length;
    if (stream.waitingCharacters > this.#services.config.maxQueuedBytes) this.#close(token);
    else stream.hold(stream.waitingCharacters);
  }

  #close(token: string): void {
    const stream = this.#streams.get(token);
    if (!stream) return;
    this.#streams.delete(token);
    stream.cancelTimeout();
    stream.giveBack();
    stream.hold(0);
    for (const running of stream.operations.values()) running.stop();
    stream.operations.clear();
    stream.http?.end();
  }
}

const operationEvent = (id: string, body: string) => nextEvent(`{"id":${JSON.stringify(id)},"payload":${body}}`);
const completedOperation = (id: string) => completeEvent(`{"id":${JSON.stringify(id)}}`);
const failedOperation = (answers: AnswerWriter, id: string, errors: readonly GraphQLFormattedError[]) =>
  operationEvent(id, answers.refusal(errors)) + completedOperation(id);

interface ReservedStream {
  /** The id of the principal that reserved it. */
  readonly owner: string | undefined;
  readonly operations: Map<string, RunningOperation>;
  /** What there is to say before the stream is open. */
  readonly waiting: string[];
  waitingCharacters: number;
  /** Told how many there are. */
  readonly hold: (bytes: number) => void;
  http: HttpStream | undefined;
  readonly cancelTimeout: () => void;
  readonly giveBack: () => void;
}

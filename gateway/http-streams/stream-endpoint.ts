import type { CompiledOperation } from '../execution/compiled-operation.ts';
import type { AnswerWriter } from '../execution/write/answer-writer.ts';
import type { AcceptedFormats } from '../http/accepted-formats.ts';
import type { Exchange } from '../http/exchange.ts';
import type { AnswersInStreams } from '../http/graphql-endpoint-options.ts';
import { multipartStart } from '../http/multipart.ts';
import type { OperationParams } from '../http/operation-params.ts';
import { refuseMutationOverGet } from '../http/refuse-mutation-over-get.ts';
import type { RequestedOperations } from '../http/requested-operations.ts';
import { refuse } from '../request/request-error.ts';
import { resumableFormOf } from '../subscriptions/resumable-operation.ts';
import {
  gatewayStopping,
  type RunningOperation,
  runOperation,
  type StreamedOperation,
} from '../subscriptions/run-operation.ts';
import { slowConsumer } from '../subscriptions/stream-client.ts';
import { eventStreamHeartbeat, eventStreamSink, eventStreamType, failedEvents } from './event-stream.ts';
import { HttpStream } from './http-stream.ts';
import { failedParts, multipartHeartbeat, multipartSink, multipartType } from './multipart-subscription.ts';
import { ReservedStreams, type StreamingServices } from './reserved-streams.ts';

/** Answers over HTTP that stay open: server-sent events in both modes of `graphql-sse`, and Apollo's multipart. */
export class StreamEndpoint implements AnswersInStreams {
  readonly #services: StreamingServices;
  readonly #operations: RequestedOperations;
  readonly #reserved: ReservedStreams;
  readonly #open = new Map<HttpStream, OpenStream>();

  constructor(services: StreamingServices, operations: RequestedOperations) {
    this.#services = services;
    this.#operations = operations;
    this.#reserved = new ReservedStreams(services);
  }

  /** @throws RequestError 405 a mutation over GET */
  async answer(exchange: Exchange, { stream }: AcceptedFormats, params: OperationParams): Promise<void> {
    // What is wrong with the operation is found again when it runs, and told in the stream.
    const { principal, request, requestId, forwarded, span, entry } = exchange;
    const operation = await this.#operations.ifAccepted(params, span);
    refuseMutationOverGet(request, operation);
    const authority = { credentials: request.headers.authorization, principal };
    const kind = stream === 'multipart' ? multipart : eventStream;
    const http = this.#openStream(exchange, kind);
    const { answers } = this.#services;
    const sink = stream === 'multipart' ? multipartSink(http, answers) : eventStreamSink(http, answers);
    const asked = this.#resume(exchange, params, operation);
    // The protocol of multipart subscriptions has no parts.
    const comesWhole = stream === 'multipart';
    const running = runOperation(
      this.#services,
      { ...asked, comesWhole, requestId, forwarded, span, entry },
      authority,
      sink,
    );
    this.#open.set(http, { running, kind });
    http.onClose(() => {
      this.#open.delete(http);
      running.stop();
    });
  }

  async reserve({ principal, response }: Exchange): Promise<void> {
    const token = this.#reserved.reserve(principal);
    response.writeHead(201, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
    response.end(token);
  }

  async open({ principal, response, span }: Exchange, token: string): Promise<void> {
    this.#reserved.open(token, principal, response);
    // What comes over it has spans of its own.
    span?.end();
  }

  /** What is wrong with the operation is the answer to this request; its results go into the stream. */
  async start(
    { principal, request, response, requestId, forwarded, span }: Exchange,
    token: string,
    params: OperationParams,
  ): Promise<void> {
    const operation = await this.#operations.prepare(params, span);
    operation.coerceVariables(params.variables);
    refuseMutationOverGet(request, operation);
    const credentials = request.headers.authorization;
    this.#reserved.start(token, { principal, credentials }, { ...params, requestId, forwarded, span });
    response.writeHead(202, { 'content-length': 0 });
    response.end();
  }

  async stop({ principal, search, response }: Exchange, token: string | undefined): Promise<void> {
    const operationId = new URLSearchParams(search).get('operationId');
    if (token === undefined) throw refuse(404, 'STREAM_NOT_FOUND', 'Name the event stream by its token.');
    if (!operationId) throw refuse(400, 'OPERATION_ID_MISSING', 'Name the operation: ?operationId=….');
    this.#reserved.stop(token, principal, operationId);
    response.writeHead(200, { 'content-length': 0 });
    response.end();
  }

  /** Ends every stream so that its client comes back; one that owes an answer ends with it. */
  drain(): void {
    this.#reserved.drain();
    for (const [http, { running, kind }] of [...this.#open]) {
      if (!running.owesAnswer()) http.end(kind.lastWords(this.#services.answers));
    }
  }

  #openStream({ response }: Exchange, { start, contentType, heartbeat, tooSlow }: StreamKind): HttpStream {
    const { answers, config, runtime, unsent } = this.#services;
    const kind = { contentType, heartbeat, tooSlow: () => tooSlow(answers) };
    const http = new HttpStream({ ...kind, response, config, runtime, unsent });
    http.write(start);
    return http;
  }

  /** After a lost connection browsers send the id of the last event that they saw. */
  #resume({ request }: Exchange, params: OperationParams, operation: CompiledOperation | undefined): StreamedOperation {
    const header = request.headers['last-event-id'];
    if (typeof header !== 'string' || header === '' || operation?.kind !== 'subscription') return params;
    // Sent as the bytes of its UTF-8 (HTML standard, 9.2.3), which Node reads as Latin-1.
    const cursor = Buffer.from(header, 'latin1').toString('utf8');
    const form = resumableFormOf(operation, this.#services.engine.supergraph);
    return form ? { ...params, text: form.text, variables: { ...params.variables, [form.cursor]: cursor } } : params;
  }
}

interface OpenStream {
  readonly running: RunningOperation;
  readonly kind: StreamKind;
}

interface StreamKind {
  readonly contentType: string;
  readonly heartbeat: string;
  readonly start: string;
  /** Where the gateway stops. */
  lastWords(answers: AnswerWriter): string;
  tooSlow(answers: AnswerWriter): string;
}

const eventStream: StreamKind = {
  contentType: eventStreamType,
  heartbeat: eventStreamHeartbeat,
  start: eventStreamHeartbeat,
  // Browsers and the clients of graphql-sse connect again where a stream breaks off, and after no last word of it.
  lastWords: () => '',
  tooSlow: (answers) => failedEvents(answers, [slowConsumer]),
};
const multipart: StreamKind = {
  contentType: multipartType,
  heartbeat: multipartHeartbeat,
  start: multipartStart,
  // Clients of this protocol take any end without an error for that of the subscription.
  lastWords: (answers) => failedParts(answers, [gatewayStopping]),
  tooSlow: (answers) => failedParts(answers, [slowConsumer]),
};

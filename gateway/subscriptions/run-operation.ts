import type { GraphQLFormattedError } from 'graphql';
import type { Principal } from '../../auth/principal.ts';
import type { DocumentRequest } from '../documents/document-source.ts';
import type { IncrementalAnswer } from '../execution/answer.ts';
import type { CompiledOperation } from '../execution/compiled-operation.ts';
import { writeBatch, writeFirstPart } from '../incremental/incremental-body.ts';
import type { AccessEntry } from '../request/access-entry.ts';
import { Cancellation } from '../request/cancellation.ts';
import type { ForwardedHeaders } from '../request/forwarded-headers.ts';
import type { RequestContext } from '../request/request-context.ts';
import { internalError, RequestError } from '../request/request-error.ts';
import type { Span } from '../request/span.ts';
import { tellWatchers } from '../telemetry/told-errors.ts';
import { attributesOf } from '../telemetry/traced-operation.ts';
import { tracedMessage } from '../telemetry/traced-request.ts';
import { describeStream } from './describe-stream.ts';
import type { LiveAuthority } from './live-authority.ts';
import type { OperationServices } from './operation-services.ts';
import type { StreamListener } from './stream-client.ts';

export interface StreamedOperation extends DocumentRequest {
  /** The document's text where the transport has found it already. */
  readonly text?: string;
  readonly operationName: string | undefined;
  readonly variables: Record<string, unknown>;
  /** Whether the answer comes whole, whatever the operation defers. @default false */
  readonly comesWhole?: boolean;
  /** The id that the request has told its client. @default a new one */
  readonly requestId?: string;
  /** What the client sent for the subgraphs. @default nothing */
  readonly forwarded?: ForwardedHeaders;
  /** Of the request that brought it, if it was one: it ends with the answer, or when a subscription is open. */
  readonly span?: Span | undefined;
  /** Of the request that stays open for it, if one does. */
  readonly entry?: AccessEntry | undefined;
}

/** In whose name an operation runs: its connection's, or that of a token of its own. */
export type OperationAuthority = { readonly connection: LiveAuthority } | OwnCredentials;

export interface OwnCredentials {
  /** The Authorization header. */
  readonly credentials: string | undefined;
  /** Who asks, where that is verified already. */
  readonly principal?: Principal | undefined;
}

/** Where the answers go. After `fail`, `complete` or the stop nothing follows. */
export interface OperationSink {
  /**
   * @param body the JSON text of one whole response
   * @param cursor where a client may go on that has got it last
   */
  next(body: string, cursor?: string): void;
  /** The operation never ran, or its stream ended early. */
  fail(errors: readonly GraphQLFormattedError[]): void;
  complete(): void;
  /** Whether what was sent waits for the client to read. */
  isCongested(): boolean;
  /** Calls `run` once when the client has read what waited; never where it leaves. */
  onceRelieved(run: () => void): void;
}

/** An operation that was started. */
export interface RunningOperation {
  /** Silently: its sink hears nothing more. */
  stop(): void;
  /**
   * Whether it is a query or mutation without its answer. It is waited for where the gateway stops: its client would send
   * it again, and a mutation be done twice.
   */
  owesAnswer(): boolean;
}

/** Runs one operation of any kind for a transport that streams: the same documents, limits, plan and authority for all. */
export function runOperation(
  services: OperationServices,
  operation: StreamedOperation,
  authority: OperationAuthority,
  sink: OperationSink,
): RunningOperation {
  const run = new OperationRun(services, sink, operation.requestId ?? services.runtime.ids.next());
  void run.start(operation, authority);
  return run;
}

/** `running` until it fails, completes, is stopped or its own token holds no longer; `ended` then, for good. */
class OperationRun implements StreamListener, RunningOperation {
  readonly #services: OperationServices;
  readonly #sink: OperationSink;
  readonly #requestId: string;
  readonly #cancellation = new Cancellation();
  #state: 'running' | 'ended' = 'running';
  /** Undefined until it is prepared. */
  #kind: CompiledOperation['kind'] | undefined;
  #stopListening: () => void = () => undefined;
  #giveBack: () => void = () => undefined;
  /** Where the operation brought a token of its own. */
  #authority: LiveAuthority | undefined;
  #span: Span | undefined;
  #entry: AccessEntry | undefined;
  /** Whether it is this operation's alone; that of a request ends with the request. */
  #isOwnEntry = false;

  constructor(services: OperationServices, sink: OperationSink, requestId: string) {
    this.#services = services;
    this.#sink = sink;
    this.#requestId = requestId;
  }

  async start(operation: StreamedOperation, authority: OperationAuthority): Promise<void> {
    const { tracer, accessLog } = this.#services;
    this.#entry = operation.entry ?? accessLog?.operationArrived();
    this.#isOwnEntry = operation.entry === undefined;
    this.#entry?.asked(
      this.#requestId,
      'connection' in authority ? authority.connection.principal : authority.principal,
    );
    this.#span = operation.span ?? (tracer && tracedMessage(tracer, this.#requestId, operation.forwarded));
    try {
      await this.#run(operation, authority);
    } catch (cause) {
      this.#fail(this.#explain(cause));
    }
  }

  stop(): void {
    if (this.#isOwnEntry) this.#entry?.aborted();
    this.#end();
  }

  #end(): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#span?.end();
    if (this.#isOwnEntry) this.#entry?.end();
    this.#giveBack();
    this.#authority?.close();
    this.#cancellation.cancel();
    this.#stopListening();
  }

  owesAnswer(): boolean {
    return this.#state === 'running' && this.#kind !== 'subscription';
  }

  next(body: string, cursor: string | undefined): void {
    if (this.#state !== 'running') return;
    this.#entry?.sent();
    this.#sink.next(body, cursor);
  }

  end(errors: readonly GraphQLFormattedError[]): void {
    this.#fail(errors);
  }

  complete(): void {
    if (this.#state === 'ended') return;
    this.#end();
    this.#sink.complete();
  }

  isCongested(): boolean {
    return this.#sink.isCongested();
  }

  onceRelieved(run: () => void): void {
    this.#sink.onceRelieved(run);
  }

  async #run(request: StreamedOperation, authority: OperationAuthority): Promise<void> {
    const { engine, documents } = this.#services;
    const text = request.text ?? documents.textOf(request);
    const operation = await engine.preparer.prepare(text, request.operationName, { span: this.#span });
    this.#kind = operation.kind;
    this.#span?.tell(attributesOf(operation));
    const variables = operation.coerceVariables(request.variables);
    const live = await this.#liveAuthority(authority);
    if (this.#state === 'ended') return;
    this.#giveBack = this.#services.quota.take(live.principal);
    const context: RequestContext = {
      // A connection's token may be renewed while the operation runs.
      get principal() {
        return live.principal;
      },
      requestId: this.#requestId,
      cancellation: this.#cancellation,
      forwarded: request.forwarded,
      span: this.#span,
      entry: this.#entry,
    };
    this.#entry?.asked(this.#requestId, live.principal);
    if (operation.kind !== 'subscription') {
      if (operation.executeIncrementally && !request.comesWhole) {
        return this.#answerInParts(await operation.executeIncrementally(variables, context));
      }
      return this.#answer(operation, variables, context);
    }
    this.#listen(operation, variables, context);
  }

  async #liveAuthority(authority: OperationAuthority): Promise<LiveAuthority> {
    if ('connection' in authority) return authority.connection;
    const { credentials } = authority;
    const { authorities } = this.#services;
    const principal = authority.principal ?? (await authorities.authenticate(credentials));
    const own = authorities.open({ credentials, principal, ended: (error) => this.#fail([error]) });
    if (this.#state === 'ended') own.close();
    else this.#authority = own;
    return own;
  }

  async #answer(operation: CompiledOperation, variables: Record<string, unknown>, context: RequestContext) {
    const answer = await operation.execute(variables, context);
    if (this.#state === 'ended') return;
    this.#sink.next(this.#services.answers.response(answer));
    // The transport may have closed while it sent.
    if (!this.#cancellation.aborted) this.complete();
  }

  /** As other servers send them over these protocols: each part is a result of its own, until one has no next. */
  async #answerInParts(answer: IncrementalAnswer) {
    if (this.#state === 'ended') return;
    this.#sink.next(writeFirstPart(this.#services.answers, answer, '20220824'));
    for await (const batch of answer.batches()) {
      if (this.#cancellation.aborted) return;
      this.#sink.next(writeBatch(this.#services.answers, batch, '20220824'));
    }
    if (!this.#cancellation.aborted) this.complete();
  }

  #listen(operation: CompiledOperation, variables: Record<string, unknown>, context: RequestContext): void {
    const { streams } = this.#services;
    const leave = streams.listen(describeStream(this.#services, { operation, variables, context }), this);
    // What was replayed at once may have been too much for it.
    if (this.#state === 'ended') leave();
    else this.#stopListening = leave;
    // The stream may be open for weeks; its events have spans of their own.
    this.#span?.end();
    this.#entry?.ran(operation);
    this.#entry?.opened();
  }

  #fail(errors: readonly GraphQLFormattedError[]): void {
    if (this.#state === 'ended') return;
    tellWatchers({ span: this.#span, entry: this.#entry }, errors);
    this.#end();
    this.#sink.fail(errors);
  }

  #explain(cause: unknown): readonly GraphQLFormattedError[] {
    if (cause instanceof RequestError) return cause.formatted;
    const requestId = this.#requestId;
    if (this.#state === 'running') this.#services.runtime.log.error('operation failed', { requestId, cause });
    return [internalError(requestId)];
  }
}

export const gatewayStopping: GraphQLFormattedError = {
  message: 'The gateway stops, or restarts. Ask again; subscribe with your last cursor.',
  extensions: { code: 'GATEWAY_STOPPING', retryable: true },
};

export const tooManyOperations: GraphQLFormattedError = {
  message: 'Too many operations run on this connection. Complete some, or open another.',
  extensions: { code: 'TOO_MANY_OPERATIONS' },
};

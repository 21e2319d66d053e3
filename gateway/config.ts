import type { OperationLimits } from './limits/limit.ts';

/** Every option of the gateway. Read from `andon.yaml` and the environment, validated, frozen. */
export interface GatewayConfig {
  /** TCP port; 0 takes a free one. Environment: PORT. @default 4000 */
  readonly port: number;
  /** Address to listen on. Anything but loopback needs authentication. @default 127.0.0.1 */
  readonly host: string;
  /**
   * Further host names that clients may use, without port, such as `andon.example.com` where a proxy on this machine passes
   * it on. On loopback every name but localhost, 127.0.0.1 and [::1] is refused unless it is listed: it may be a foreign web
   * page's that was made to lead here. Beyond loopback every name is taken unless some are listed. @default none
   */
  readonly allowedHosts: readonly string[];
  /** Whether `__schema` and `__type` are answered. Off hides the schema from strangers; IDEs then know nothing. @default true */
  readonly introspection: boolean;
  /** Whether messages of subgraph errors without a code are replaced by a sentence that reveals nothing. @default true */
  readonly maskErrors: boolean;
  /**
   * Bytes of memory for operations that are kept planned and compiled, estimated from their text. More costs memory, less
   * costs planning time: an operation of 1,000 characters takes about 300,000. Their documents take an eighth of it besides.
   * @default 67108864
   */
  readonly planCacheBytes: number;
  /**
   * Whether a request may ask for the plan that answered it, in `extensions.queryPlan`. A plan shows every subgraph and
   * hidden field that it uses: for development. @default false
   */
  readonly exposeQueryPlans: boolean;
  /**
   * What plans and runs operations. `native` is the planner of Hive Router with our own executor, `apollo` is `@apollo/gateway`
   * (an optional peer; slower, without subscriptions), `auto` the native one, and apollo where it cannot be loaded.
   * Environment: ANDON_ENGINE. @default auto
   */
  readonly engine: 'auto' | 'native' | 'apollo';
  readonly supergraph: SupergraphConfig;
  readonly override: OverrideConfig;
  readonly limits: GatewayLimits;
  readonly subgraphs: SubgraphsConfig;
  readonly sharing: SharingConfig;
  readonly subscriptions: SubscriptionsConfig;
  readonly http: HttpConfig;
  readonly documents: DocumentsConfig;
  readonly cors: CorsConfig;
  readonly metrics: MetricsConfig;
  readonly tracing: TracingConfig;
  /** Serves HTTPS, as HTTP/2 and HTTP/1.1, in the place of HTTP. @default none */
  readonly tls: TlsConfig | undefined;
}

export type EngineChoice = GatewayConfig['engine'];

export interface OverrideConfig {
  /**
   * Labels whose fields have moved: `checkout` moves every field with `@override(from: …, label: "checkout")` to its new
   * subgraph, for all requests. A label that is not listed moves nothing; `percent(N)` is drawn for each request and needs
   * no entry. @default none
   */
  readonly labels: readonly string[];
}

export interface SupergraphConfig {
  /** Path or http(s) URL of the composed supergraph; `--supergraph` on the command line wins over it. @default none */
  readonly source: string | undefined;
  /** Milliseconds between looks at the supergraph's file or URL. Less finds a new one sooner. @default 2000 */
  readonly pollIntervalMs: number;
  /** Milliseconds that a URL may take to answer. @default 10000 */
  readonly fetchTimeoutMs: number;
  /**
   * Operations, the most used ones, that are planned before a new supergraph is used. More make the first seconds after
   * a reload faster, and the reload itself later. @default 200
   */
  readonly warmUpOperations: number;
}

export interface GatewayLimits extends OperationLimits {
  /** Bytes of a request body. @default 1048576 */
  readonly maxBodyBytes: number;
  /** Operations in one HTTP request (a JSON array). More save round trips, and cost as many requests. @default 1 */
  readonly maxBatchSize: number;
}

export interface SubgraphsConfig {
  /** Addresses (http or https) of subgraphs, by name, in the place of their routing_url. @default none */
  readonly urlBySubgraph: Readonly<Record<string, string>>;
  /** Certificates on connections to subgraphs (https, wss). @default none */
  readonly tls: SubgraphTlsConfig | undefined;
  /** Milliseconds that one call to a subgraph may take. @default 10000 */
  readonly timeoutMs: number;
  /** The same for single subgraphs, by name. @default none */
  readonly timeoutMsBySubgraph: Readonly<Record<string, number>>;
  /** Open connections to one subgraph at most, each with one call at a time. @default 64 */
  readonly maxConnections: number;
  /** Calls that may wait for a connection; more are refused with SUBGRAPH_OVERLOADED. @default 1000 */
  readonly maxQueued: number;
  /** Times that a query is sent where the subgraph cannot be reached, the first included. 1 never repeats. @default 2 */
  readonly maxAttempts: number;
  /** Milliseconds before a repetition; each further one waits twice as long. @default 50 */
  readonly retryDelayMs: number;
  /**
   * Repetitions, hedges included, for a hundred calls to one subgraph: what keeps them from flooding one that is down. Ten
   * are there from the start. 0 allows none. @default 20
   */
  readonly retryBudgetPercent: number;
  /**
   * Name of the input field that makes a mutation safe to repeat, such as `idempotencyKey`. Mutations with it are repeated
   * like queries; without this option none is, and one that may have been carried out is not `retryable`. @default none
   */
  readonly idempotencyKey: string | undefined;
  /**
   * Milliseconds after which a query without an answer is sent a second time, and the first answer taken. Cuts the slowest
   * answers, and costs the subgraph up to `retryBudgetPercent` more calls. 0 is off. @default 0
   */
  readonly hedgeAfterMs: number;
  /**
   * Calls in a row that ended with SUBGRAPH_TIMEOUT or SUBGRAPH_UNAVAILABLE after which the subgraph is left alone
   * (SUBGRAPH_CIRCUIT_OPEN). @default 5
   */
  readonly breakerFailures: number;
  /**
   * Milliseconds after which a running call counts as one without an answer, though it goes on. Equal ones do not join it
   * any more, nor an equal query that has run for so long. @default 3000
   */
  readonly breakerSlowMs: number;
  /** Milliseconds between the calls that try whether a subgraph left alone answers again. @default 1000 */
  readonly breakerProbeMs: number;
  /** Whether subgraphs may compress answers (gzip, br). Pays where the network to them is slow. @default false */
  readonly compression: boolean;
  /** Bytes of one subgraph answer, unpacked, and of one event. @default 33554432 */
  readonly maxResponseBytes: number;
  /**
   * Bytes of subgraph answers above 64 KiB, all together, while they arrive and while operations work with them: as objects
   * they take up to nine times that. What is more is refused with GATEWAY_OVERLOADED. No more than a sixteenth of the heap
   * that Node has, no less than `maxResponseBytes`. @default 134217728
   */
  readonly maxTotalResponseBytes: number;
  /**
   * How subgraphs are subscribed to: `websocket` is the protocol `graphql-transport-ws`, `sse` server-sent events as
   * `graphql-sse` has them, one connection for each. @default websocket
   */
  readonly subscriptionProtocol: 'websocket' | 'sse';
  /** The same for single subgraphs, by name. @default none */
  readonly subscriptionProtocolBySubgraph: Readonly<Record<string, 'websocket' | 'sse'>>;
  /**
   * Addresses (http, https, ws or wss) at which subgraphs, by name, are subscribed to where that is not their routing_url.
   * @default none
   */
  readonly subscriptionUrlBySubgraph: Readonly<Record<string, string>>;
  /**
   * Headers of clients that subgraphs get as well, such as `accept-language`. Only what has them equal shares calls, answers
   * and streams. `authorization` takes the place of the token that the gateway signs. @default none
   */
  readonly forwardHeaders: readonly string[];
  /** Instead of these for single subgraphs, by name. @default none */
  readonly forwardHeadersBySubgraph: Readonly<Record<string, readonly string[]>>;
}

export interface SubgraphTlsConfig {
  /** Path of the certificates (PEM) that those of subgraphs must be signed with, in the place of the ones that Node knows. @default none */
  readonly caFile: string | undefined;
  /** Path of the certificate chain, PEM, that the gateway shows to subgraphs. @default none */
  readonly certFile: string | undefined;
  /** Path of its private key, PEM. @default none */
  readonly keyFile: string | undefined;
}

export type SubscriptionProtocol = SubgraphsConfig['subscriptionProtocol'];

/**
 * Whether equal queries that run at the same moment share their work. Equal means the same operation, variables and
 * principal, never a mutation. The gateway lets no query join one that started before the last mutation or event that
 * it answered; a change that was made through another gateway may be missed by the milliseconds that a query takes.
 */
export interface SharingConfig {
  /** One run of the plan for equal queries. Pays where many screens with one token ask the same. @default false */
  readonly router: boolean;
  /** One call to a subgraph for equal calls, also of different queries. @default true */
  readonly subgraph: boolean;
}

export interface SubscriptionsConfig {
  /** Milliseconds for `connection_init` after the socket opened. @default 3000 */
  readonly initTimeoutMs: number;
  /** Milliseconds between pings that keep a connection alive and find dead ones. @default 15000 */
  readonly pingIntervalMs: number;
  /** Operations that may run at once on one connection. @default 100 */
  readonly maxOperations: number;
  /**
   * Streams at once in the process: operations that run over WebSocket, server-sent events and multipart, and connections
   * that are there for many of them. More are refused with TOO_MANY_STREAMS. A client that listens costs about 15,000
   * bytes. @default 100000
   */
  readonly maxStreams: number;
  /**
   * The same in the name of one principal. Screens that share a token share it; without authentication it does not hold.
   * @default 30000
   */
  readonly maxStreamsPerPrincipal: number;
  /** Unsent bytes after which a slow client is closed, to come back with its cursor. @default 1048576 */
  readonly maxQueuedBytes: number;
  /** Milliseconds that a reserved event stream (`graphql-sse`, single connection) waits to be opened. @default 10000 */
  readonly streamReservationMs: number;
  /**
   * Who may share one stream: `principal` joins clients of the same principal, `authority` those with the same roles,
   * plants, scopes and partner. The latter scales to thousands of dashboards, and is right where no subgraph looks at
   * the principal's id in a subscription. @default principal
   */
  readonly shareBy: 'principal' | 'authority';
  /**
   * Events that are kept for each resumable subscription, so that clients that come back are not sent to the subgraph.
   * 0 is none. @default 1000
   */
  readonly replayEvents: number;
  /** Bytes of them, for each subscription. @default 1048576 */
  readonly replayBytes: number;
  /** Bytes of them, for all subscriptions of the process together. @default 67108864 */
  readonly replayTotalBytes: number;
  /**
   * Milliseconds that a resumable subscription goes on after its last client has left, for clients that come back. 0 is
   * not at all. @default 30000
   */
  readonly replayKeepMs: number;
  /**
   * Milliseconds that a resumable subscription may do without its subgraph before its clients are told. Meanwhile the
   * subgraph is asked again and again. 0 is not at all. @default 30000
   */
  readonly reconnectForMs: number;
  /**
   * Milliseconds between looks at the tokens of everything that is open: the longest that a withdrawn key goes unnoticed.
   * A changed list of revocations is looked at when it is read. @default 30000
   */
  readonly recheckMs: number;
  /** Subscription fields of which a slow client gets the latest event only, whatever the schema says. @default none */
  readonly latestFields: readonly string[];
  /** Subscription fields of which no event is left out, whatever the schema says. @default none */
  readonly mustDeliverFields: readonly string[];
}

export interface HttpConfig {
  /**
   * Connections at once, streams among them. More are refused with TOO_MANY_CONNECTIONS, but for questions about health. No
   * more than the system lets the process open files, less a tenth for other needs. @default 100000
   */
  readonly maxConnections: number;
  /** Milliseconds for a request's headers, as many as for the request at most. @default 10000 */
  readonly headersTimeoutMs: number;
  /** Milliseconds for a whole request to arrive. @default 30000 */
  readonly requestTimeoutMs: number;
  /**
   * Milliseconds for a client to take each 64 KiB of its answer, while more of it waits. One that reads more slowly, or not
   * at all, loses its connection (over HTTP/2 that request). @default 30000
   */
  readonly sendTimeoutMs: number;
  /**
   * Bytes that may wait for clients, all together: answers, and events of streams. What is more ends those whose clients have
   * taken nothing for the longest time, a second at least unless four times as much waits. A stream has 16 KiB of its own besides. @default 268435456
   */
  readonly maxUnsentBytes: number;
  /**
   * Bytes that bodies of requests of more than 64 KiB may take, all together, until they are answered. Further ones are
   * refused with 503, unless nothing else is there. @default 268435456
   */
  readonly maxLargeBodyBytes: number;
  /** Milliseconds that an idle connection stays open. @default 65000 */
  readonly keepAliveTimeoutMs: number;
  /**
   * Milliseconds that a stopping gateway goes on accepting, with its readiness at 503: what is on the wire, and what a
   * load balancer sends until it has noticed, is answered, each answer closing its connection. Longer makes stops slower.
   * @default 300
   */
  readonly drainGraceMs: number;
  /** Milliseconds that running requests get when the gateway stops, after that. @default 10000 */
  readonly drainTimeoutMs: number;
  /** Bytes from which on an answer is compressed, where the client takes it. Less costs time, saves little. @default 1024 */
  readonly compressAboveBytes: number;
  /**
   * Whether the log has a line for each request, and two for each stream: when it opens and when it ends. Costs some
   * microseconds for each. @default false
   */
  readonly accessLog: boolean;
}

export interface DocumentsConfig {
  /**
   * Whether clients may register a document once and then name it by its SHA-256 (automatic persisted queries). Saves
   * upload; costs at most 16 MiB. @default true
   */
  readonly persistedQueries: boolean;
  /** Documents that are kept registered. @default 1000 */
  readonly maxPersistedQueries: number;
  /**
   * Path of a JSON file with the operations of known clients, which they name by id: a manifest of Apollo
   * (`{"format": "apollo-persisted-query-manifest", …}`) or of Relay (`{"<id>": "<text>"}`). @default none
   */
  readonly manifest: string | undefined;
  /** Whether operations that the manifest does not list are refused, over every transport. @default false */
  readonly strict: boolean;
}

export interface CorsConfig {
  /** Web origins that may read answers, such as `https://app.example.com`; `*` is any. @default none */
  readonly origins: readonly string[];
  /** Seconds that browsers remember what is allowed. 0 is not at all. @default 600 */
  readonly maxAgeSeconds: number;
}

export interface MetricsConfig {
  /** TCP port at which Prometheus reads `/metrics`; 0 takes a free one. Without it nothing is counted. @default none */
  readonly port: number | undefined;
  /** Address to listen on. Whoever reaches it reads the names and the state of subgraphs. @default 127.0.0.1 */
  readonly host: string;
}

export interface TracingConfig {
  /**
   * Address (http or https) of a collector of OpenTelemetry that takes traces by OTLP over HTTP, such as
   * `http://127.0.0.1:4318/v1/traces`; `/v1/traces` is added to an address without a path. Without it nothing is traced. Keys
   * that it asks for are in OTEL_EXPORTER_OTLP_HEADERS. @default none
   */
  readonly endpoint: string | undefined;
  /** What the traces call this gateway. Environment: OTEL_SERVICE_NAME. @default andon */
  readonly serviceName: string;
  /**
   * Share of the traces that begin here which is recorded, a number from 0 to 1. Whether one is that a client began, the
   * client says. @default 1
   */
  readonly sampleRatio: number;
}

export interface TlsConfig {
  /** Path of the certificate chain, PEM. */
  readonly certFile: string;
  /** Path of its private key, PEM. */
  readonly keyFile: string;
  /** Path of the certificates (PEM) that those of clients must be signed with: who shows none cannot connect. @default none */
  readonly clientCaFile: string | undefined;
}

export const defaultGatewayConfig: GatewayConfig = Object.freeze({
  port: 4000,
  host: '127.0.0.1',
  allowedHosts: Object.freeze([]),
  introspection: true,
  maskErrors: true,
  planCacheBytes: 67_108_864,
  exposeQueryPlans: false,
  engine: 'auto' as const,
  override: { labels: [] },
  supergraph: Object.freeze({
    source: undefined,
    pollIntervalMs: 2000,
    fetchTimeoutMs: 10_000,
    warmUpOperations: 200,
  }),
  limits: Object.freeze({
    maxBodyBytes: 1_048_576,
    maxBatchSize: 1,
    maxDepth: 25,
    maxFields: 2000,
    maxAliases: 100,
    maxRootFields: 30,
    maxDirectives: 100,
    maxTokens: 10_000,
    maxCost: 1_000_000,
    listSize: 10,
    costMode: 'enforce' as const,
  }),
  subgraphs: Object.freeze({
    urlBySubgraph: {},
    tls: undefined,
    timeoutMs: 10_000,
    timeoutMsBySubgraph: {},
    maxConnections: 64,
    maxQueued: 1000,
    maxAttempts: 2,
    retryDelayMs: 50,
    retryBudgetPercent: 20,
    idempotencyKey: undefined,
    hedgeAfterMs: 0,
    breakerFailures: 5,
    breakerSlowMs: 3000,
    breakerProbeMs: 1000,
    compression: false,
    maxResponseBytes: 33_554_432,
    maxTotalResponseBytes: 134_217_728,
    subscriptionProtocol: 'websocket' as const,
    subscriptionProtocolBySubgraph: {},
    subscriptionUrlBySubgraph: {},
    forwardHeaders: [],
    forwardHeadersBySubgraph: {},
  }),
  sharing: Object.freeze({ router: false, subgraph: true }),
  subscriptions: Object.freeze({
    initTimeoutMs: 3000,
    pingIntervalMs: 15_000,
    maxOperations: 100,
    maxStreams: 100_000,
    maxStreamsPerPrincipal: 30_000,
    maxQueuedBytes: 1_048_576,
    streamReservationMs: 10_000,
    shareBy: 'principal' as const,
    replayEvents: 1000,
    replayBytes: 1_048_576,
    replayTotalBytes: 67_108_864,
    replayKeepMs: 30_000,
    reconnectForMs: 30_000,
    recheckMs: 30_000,
    latestFields: [],
    mustDeliverFields: [],
  }),
  http: Object.freeze({
    maxConnections: 100_000,
    headersTimeoutMs: 10_000,
    requestTimeoutMs: 30_000,
    sendTimeoutMs: 30_000,
    maxUnsentBytes: 268_435_456,
    maxLargeBodyBytes: 268_435_456,
    keepAliveTimeoutMs: 65_000,
    drainGraceMs: 300,
    drainTimeoutMs: 10_000,
    compressAboveBytes: 1024,
    accessLog: false,
  }),
  documents: Object.freeze({
    persistedQueries: true,
    maxPersistedQueries: 1000,
    manifest: undefined,
    strict: false,
  }),
  cors: Object.freeze({ origins: [], maxAgeSeconds: 600 }),
  metrics: Object.freeze({ port: undefined, host: '127.0.0.1' }),
  tracing: Object.freeze({ endpoint: undefined, serviceName: 'andon', sampleRatio: 1 }),
  tls: undefined,
});

/** A value of the environment that cannot be used. */
export class ConfigValueError extends Error {
  readonly code = 'CONFIG_INVALID';

  constructor(message: string) {
    super(message);
    this.name = 'ConfigValueError';
  }
}

import type { GraphQLSchema } from 'graphql';
import type { Runtime } from '../runtime/runtime.ts';
import type { Authenticate } from './authorization/authenticate.ts';
import { ConfigValueError, type GatewayConfig } from './config.ts';
import { createTrustedCheck } from './documents/check-trusted.ts';
import { createDocumentSource } from './documents/document-source.ts';
import { drain } from './drain.ts';
import { createLiveEngine } from './engine/live-engine.ts';
import { executeInProcess, type GatewayResult, type InProcessRequest } from './execute-in-process.ts';
import { AnswerWriter } from './execution/write/answer-writer.ts';
import { createApolloServer } from './http/apollo-server.ts';
import { BodyRoom } from './http/body-room.ts';
import { EqualRequests } from './http/equal-requests.ts';
import { Graphiql, type GraphiqlOptions } from './http/graphiql.ts';
import { createHttpHandler, graphqlPath } from './http/http-handler.ts';
import { RequestedOperations } from './http/requested-operations.ts';
import { StreamEndpoint } from './http-streams/stream-endpoint.ts';
import { refuseUnfit } from './preparation/prepare-operation.ts';
import { createForwarding } from './request/forwarded-headers.ts';
import { isLoopback } from './server/allowed-host.ts';
import { createWebServer, type WebServer } from './server/create-server.ts';
import { hostInUrl, listen } from './server/listen.ts';
import { UnsentAnswers } from './server/unsent-answers.ts';
import type { SignInternal } from './subgraph-client/create-clients.ts';
import type { LocalSubgraph } from './subgraph-client/local-subgraph.ts';
import { LiveAuthorities } from './subscriptions/live-authority.ts';
import { SharedStreams } from './subscriptions/shared-streams.ts';
import { StreamQuota } from './subscriptions/stream-quota.ts';
import { createTelemetry } from './telemetry/create-telemetry.ts';
import { type MetricsServer, serveMetrics } from './telemetry/serve-metrics.ts';
import { serveWebSocket } from './websocket/serve-websocket.ts';

export interface GatewayOptions {
  readonly supergraphSdl: string;
  readonly runtime: Runtime;
  readonly config: GatewayConfig;
  /** Subgraphs of this process, by the name in `routing_url: local:NAME`. */
  readonly subgraphs?: ReadonlyMap<string, LocalSubgraph>;
  /** Without it everybody may ask everything, on loopback only. */
  readonly authenticate?: Authenticate;
  /** Calls `run` when tokens may mean something else than before: what is open in their name is looked at again. */
  readonly onAuthorityChange?: (run: () => void) => void;
  /** Makes the Authorization value that remote subgraphs get. */
  readonly signInternal?: SignInternal;
  /**
   * Why requests cannot be served at the moment, for `/health/ready`: what the process needs besides the gateway is away.
   * Asked on every look, so it answers from memory. @default never
   */
  readonly problem?: () => string | undefined;
  /** What `/health/ready` says besides while it is ready. @default nothing */
  readonly note?: () => string | undefined;
  /** Milliseconds that operations of the gateway's own may take before it listens: see `Engine.warmUp`. @default 0 */
  readonly warmUpMs?: number;
  /** The IDE at `GET /graphql`. @default false */
  readonly graphiql?: GraphiqlOptions | false;
}

export interface Gateway {
  /** What clients see. */
  readonly schema: GraphQLSchema;
  /**
   * Starts to accept.
   * @returns where; `metricsUrl` where they are counted @throws ConfigValueError an address cannot be listened on
   */
  listen(): Promise<{ port: number; url: string; metricsUrl: string | undefined }>;
  /** Answers one query or mutation; refusals are in `errors`. */
  execute(request: InProcessRequest): Promise<GatewayResult>;
  /**
   * Is not ready any more, answers what still arrives for a moment, then stops accepting, lets running requests finish
   * and ends sockets with a code. A second call waits for the first.
   */
  drain(): Promise<void>;
  ready(): boolean;
  /**
   * Answers from another supergraph from now on. What runs finishes on the one that it started with; subscriptions go on
   * where they still fit.
   * @returns false where it is the one in use
   * @throws SupergraphError it cannot be used; the one in use stays
   */
  replaceSupergraph(sdl: string): Promise<boolean>;
}

const addressOptions = {
  host: 'host in andon.yaml, or HOST for andon up,',
  port: '--port where you gave it, else PORT',
};

/** @throws SupergraphError, ConfigValueError, EngineError, NoEngineError */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, runtime, authenticate } = options;
  refuseOpenDoor(options);
  const { supergraphSdl, subgraphs = new Map(), signInternal } = options;
  const { metrics, tracer, accessLog } = await createTelemetry(config, runtime);
  const answers = new AnswerWriter(metrics && ((errors) => metrics.errorsTold(errors)));
  const engine = await createLiveEngine({ supergraphSdl, runtime, config, subgraphs, signInternal, metrics, tracer });
  await engine.warmUp(options.warmUpMs ?? 0);
  const server = await createApolloServer({ preparer: engine.preparer, config, log: runtime.log, answers });
  const documents = createDocumentSource(config.documents);
  const shared = new SharedStreams({ runtime, config: config.subscriptions, answers });
  engine.onReplaced(() => void shared.moveTo(engine.successorOf));
  const checkTrusted = createTrustedCheck({
    listed: documents.listed,
    log: runtime.log,
    check: (text) => refuseUnfit({ supergraph: engine.supergraph, config }, text),
  });
  engine.onReplaced(checkTrusted);
  checkTrusted();
  const { recheckMs } = config.subscriptions;
  const authorities = new LiveAuthorities({ authenticate, runtime, recheckMs });
  options.onAuthorityChange?.(() => void authorities.recheck());
  const quota = new StreamQuota(config.subscriptions);
  const unsent = new UnsentAnswers(config.http, runtime);
  const readForwarded = createForwarding(config.subgraphs);
  const services = {
    authorities,
    engine,
    documents,
    streams: shared,
    quota,
    unsent,
    readForwarded,
    answers,
    tracer,
    accessLog,
    config: config.subscriptions,
    runtime,
  };
  const operations = new RequestedOperations({ documents, engine });
  const streams = new StreamEndpoint(services, operations);
  const equals = config.sharing.router
    ? new EqualRequests(engine.sharing, { clock: runtime.clock, joinableMs: config.subgraphs.breakerSlowMs })
    : undefined;
  const running = new Set<Promise<unknown>>();
  let state: 'created' | 'listening' | 'draining' = 'created';
  const handle = createHttpHandler({
    server,
    documents,
    operations,
    streams,
    equals,
    answers,
    bodies: new BodyRoom(config.http.maxLargeBodyBytes, runtime),
    unsent,
    config,
    runtime,
    authenticate,
    readForwarded,
    metrics,
    tracer,
    accessLog,
    graphiql: options.graphiql ? new Graphiql(options.graphiql, graphqlPath) : undefined,
    isReady: () => state === 'listening',
    isSurplus: (request) => web.isSurplus(request),
    problem: options.problem ?? (() => undefined),
    note: options.note ?? (() => undefined),
  });
  const web: WebServer = createWebServer(
    config,
    (request, response) => track(running, handle(request, response)),
    runtime,
    answers,
  );
  const sockets = serveWebSocket({ web, services, config });
  metrics?.watch({
    runningRequests: () => running.size,
    openStreams: () => quota.taken,
    upstreamSubscriptions: () => shared.size,
    unsentBytes: () => unsent.bytes,
    joined() {
      const { answers, calls } = engine.sharing.joined();
      return { answers: answers + (equals?.joined ?? 0), calls };
    },
    circuits: () => engine.clients.circuits(),
  });
  let metricsServer: MetricsServer | undefined;
  const close = async () => {
    authorities.stop();
    shared.close();
    await server.stop();
    await engine.close();
    metricsServer?.close();
  };
  let drained: Promise<void> | undefined;
  return {
    get schema() {
      return engine.supergraph.schema;
    },
    replaceSupergraph: (sdl) => engine.replace(sdl),
    async listen() {
      metricsServer = metrics && (await serveMetrics(metrics, config));
      const port = await listen(web.http, config, addressOptions);
      state = 'listening';
      const url = `${web.scheme}://${hostInUrl(config.host)}:${port}${graphqlPath}`;
      return { port, url, metricsUrl: metricsServer?.url };
    },
    execute: (request) => track(running, executeInProcess(engine, runtime, request)),
    drain: () => {
      state = 'draining';
      drained ??= drain({ web, sockets, streams, running, open: quota, config, runtime, tracer, close });
      return drained;
    },
    ready: () => state === 'listening',
  };
}

function refuseOpenDoor({ config, authenticate }: GatewayOptions): void {
  if (authenticate || isLoopback(config.host)) return;
  throw new ConfigValueError(
    `Without authentication the gateway listens on loopback only, not on ${config.host}. Configure authentication, or set host to 127.0.0.1.`,
  );
}

function track<T>(running: Set<Promise<unknown>>, work: Promise<T>): Promise<T> {
  const entry = work.finally(() => running.delete(entry));
  running.add(entry);
  return entry;
}

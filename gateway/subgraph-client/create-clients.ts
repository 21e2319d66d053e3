import type { Principal } from '../../auth/principal.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { SubgraphsConfig } from '../config.ts';
import type { Tracer } from '../request/span.ts';
import type { SubgraphEndpoint } from '../supergraph/subgraph-endpoints.ts';
import { SupergraphError } from '../supergraph/supergraph-error.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { AnswerRoom } from './answer-room.ts';
import { createLocalClient } from './local.ts';
import type { LocalSubgraph } from './local-subgraph.ts';
import { createRemoteClient } from './remote.ts';
import type { SubgraphCall, SubgraphClient } from './subgraph-client.ts';
import type { SubgraphTls } from './subgraph-tls.ts';

/**
 * @param body what is sent; undefined where a connection is opened
 * @returns the Authorization value that proves to `audience` (a subgraph) who asks, bound to the request and its body
 */
export type SignInternal = (
  principal: Principal,
  requestId: string,
  audience: string,
  body: string | undefined,
) => string;

export interface ClientsOptions {
  readonly runtime: Runtime;
  readonly config: SubgraphsConfig;
  readonly room: AnswerRoom;
  /** By the name in `routing_url: local:NAME`. */
  readonly subgraphs: ReadonlyMap<string, LocalSubgraph>;
  readonly signInternal: SignInternal | undefined;
  /** Absent where nothing is counted. */
  readonly metrics?: Metrics | undefined;
  /** Absent where nothing is traced. */
  readonly tracer?: Tracer | undefined;
}

/** @throws SupergraphError a local subgraph is named that this process does not have, or the address is none */
export function createClient(
  { name, url: routingUrl }: SubgraphEndpoint,
  options: ClientsOptions,
  tls: SubgraphTls,
): SubgraphClient {
  const { runtime, config, room, subgraphs, signInternal } = options;
  const url = config.urlBySubgraph[name] ?? routingUrl;
  const timeoutMs = config.timeoutMsBySubgraph[name] ?? config.timeoutMs;
  const deadlines = { timers: runtime.timers, timeoutMs, log: runtime.log };
  if (url.startsWith('local:')) {
    const local = subgraphs.get(url.slice('local:'.length));
    if (!local) throw new SupergraphError(`Subgraph "${name}" is ${url}, which this process does not serve.`);
    return createLocalClient(name, local, { ...deadlines, idempotencyKey: config.idempotencyKey });
  }
  if (!URL.canParse(url) || !/^https?:/i.test(url)) {
    throw new SupergraphError(
      `Subgraph "${name}" has no usable routing_url ("${url}").`,
      'Write its address, beginning with http:// or https://, and compose it again; or name it in subgraphs.urlBySubgraph.',
    );
  }
  const authorize = ({ context }: SubgraphCall, body?: string) =>
    context.principal && signInternal?.(context.principal, context.requestId, name, body);
  const forwarding = config.forwardHeadersBySubgraph[name] ?? config.forwardHeaders;
  const signs = signInternal !== undefined;
  return createRemoteClient({
    service: name,
    url,
    tls,
    deadlines,
    runtime,
    authorize,
    signs,
    forwarding,
    config,
    room,
  });
}

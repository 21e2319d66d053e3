import type { GraphQLFormattedError } from 'graphql';
import { type Client, createClient } from 'graphql-ws';
import { expect } from 'vitest';
import { WebSocket } from 'ws';
import type { Authenticate } from '../../gateway/authorization/authenticate.ts';
import type { GatewayConfig } from '../../gateway/config.ts';
import { createGateway, type Gateway } from '../../gateway/gateway.ts';
import type { SignInternal } from '../../gateway/subgraph-client/create-clients.ts';
import { composeSources } from '../../gateway/supergraph/compose.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { readDefinition, type SubgraphDefinition, startSubgraph, type TestSubgraph } from './federation-subgraph.ts';
import { patientConfig } from './patient-config.ts';
import { testRuntime } from './runtime.ts';

export interface Answer {
  // biome-ignore lint/suspicious/noExplicitAny: tests look anywhere into an answer
  readonly data?: any;
  readonly errors?: GraphQLFormattedError[];
  // biome-ignore lint/suspicious/noExplicitAny: tests look anywhere into an answer
  readonly extensions?: any;
}

export interface Federation {
  readonly gateway: Gateway;
  readonly url: string;
  /** Where they are counted. */
  readonly metricsUrl: string | undefined;
  readonly sdl: string;
  readonly subgraphs: Readonly<Record<string, TestSubgraph>>;
  query(query: string, variables?: Record<string, unknown>): Promise<Answer>;
  /** The data of an operation that must have no errors. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look anywhere into an answer
  dataOf(query: string, variables?: Record<string, unknown>): Promise<any>;
  post(body: unknown, headers?: Record<string, string>): Promise<{ status: number; body: Answer; headers: Headers }>;
  /** A client on graphql-transport-ws; closed with the federation. */
  socket(connectionParams?: Record<string, unknown>): Client;
  close(): Promise<void>;
}

export interface FederationOptions {
  readonly config?: Partial<GatewayConfig>;
  readonly authenticate?: Authenticate;
  readonly signInternal?: SignInternal;
  readonly onAuthorityChange?: (run: () => void) => void;
  readonly runtime?: Partial<Runtime>;
  readonly graphiql?: { token?: string; defaultQuery?: string };
}

/** Subgraphs on real ports, composed, behind a gateway on a real port. */
export async function startFederation(
  definitions: Readonly<Record<string, SubgraphDefinition>>,
  options: FederationOptions = {},
): Promise<Federation> {
  const started = await Promise.all(
    Object.entries(definitions).map(async ([name, definition]) => [name, await startSubgraph(definition)] as const),
  );
  const subgraphs = Object.fromEntries(started);
  const { sdl } = composeSources(
    Object.entries(definitions).map(([name, definition]) => ({
      name,
      url: subgraphs[name]?.url ?? '',
      document: readDefinition(definition),
    })),
  );
  const gateway = await createGateway({
    supergraphSdl: sdl,
    runtime: testRuntime(options.runtime),
    config: { ...patientConfig, ...options.config },
    ...(options.authenticate && { authenticate: options.authenticate }),
    ...(options.signInternal && { signInternal: options.signInternal }),
    ...(options.onAuthorityChange && { onAuthorityChange: options.onAuthorityChange }),
    ...(options.graphiql && { graphiql: options.graphiql }),
  });
  const { url, metricsUrl } = await gateway.listen();
  const clients: Client[] = [];
  const post: Federation['post'] = async (body, headers = {}) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Answer, headers: response.headers };
  };
  return {
    gateway,
    url,
    metricsUrl,
    sdl,
    subgraphs,
    post,
    query: async (query, variables) => (await post({ query, variables })).body,
    async dataOf(query, variables) {
      const { data, errors } = (await post({ query, variables })).body;
      expect(errors).toBeUndefined();
      return data;
    },
    socket(connectionParams) {
      const client = createClient({
        url: url.replace('http', 'ws'),
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        ...(connectionParams && { connectionParams }),
      });
      clients.push(client);
      return client;
    },
    async close() {
      await Promise.all(clients.map((client) => client.dispose()));
      await gateway.drain();
      await Promise.all(Object.values(subgraphs).map((subgraph) => subgraph.close()));
    },
  };
}

/** Data and errors without what changes from run to run. */
export function stable({ data, errors }: Answer): Answer {
  return errors ? { data, errors } : { data };
}

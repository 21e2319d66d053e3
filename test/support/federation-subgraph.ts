import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { type DocumentNode, execute, GraphQLError, type GraphQLSchema, parse, subscribe, validate } from 'graphql';
import { createHandler } from 'graphql-sse';
import type { ConnectionInitMessage, Context } from 'graphql-ws';
import { type Extra, useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';

export const federationLink = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [
  "@key", "@external", "@requires", "@provides", "@shareable", "@interfaceObject", "@inaccessible", "@override", "@tag", "@composeDirective", "@cost", "@listSize",
  "@authenticated", "@requiresScopes", "@policy"
])
`;

export interface SubgraphDefinition {
  readonly typeDefs: string;
  /** Written for Federation 1: the schema has no `@link`. */
  readonly isFederation1?: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: resolvers of tests take whatever the schema gives them
  readonly resolvers?: Record<string, any>;
}

/** Resolves a reference whose key is all that there is to know. */
export const itself = (self: unknown) => self;

export const readDefinition = ({ typeDefs, isFederation1 = false }: SubgraphDefinition): DocumentNode =>
  parse(isFederation1 ? typeDefs : federationLink + typeDefs);

/** What a subgraph was asked, as it arrived. */
export interface ReceivedRequest {
  readonly query: string;
  readonly variables: Record<string, unknown>;
  readonly headers: IncomingMessage['headers'];
}

export interface TestSubgraph {
  readonly url: string;
  readonly schema: GraphQLSchema;
  readonly received: ReceivedRequest[];
  /** Answers in the place of the subgraph from now on; undefined restores it. */
  answerWith(answer: ((response: ServerResponse, request: ReceivedRequest) => void) | undefined): void;
  close(): Promise<void>;
  /** As `close`, without a word to anybody. */
  kill(): Promise<void>;
}

/** The context of its resolvers. */
export type SubgraphContext = {
  readonly headers: IncomingMessage['headers'];
  /** Of a WebSocket. */
  readonly connectionParams?: Readonly<Record<string, unknown>> | undefined;
};

const contextOf = ({ headers }: IncomingMessage): SubgraphContext => ({ headers });

/** A real subgraph on a real port: HTTP, graphql-transport-ws and graphql-sse. @param at the port; 0 takes a free one */
export async function startSubgraph(definition: SubgraphDefinition, at = 0): Promise<TestSubgraph> {
  const schema = buildSubgraphSchema([{ typeDefs: readDefinition(definition), resolvers: definition.resolvers ?? {} }]);
  const received: ReceivedRequest[] = [];
  let override: ((response: ServerResponse, request: ReceivedRequest) => void) | undefined;
  const answerEvents = createEventEndpoint(schema);
  const http = createServer(async (request, response) => {
    const text = await readAll(request).catch(() => '');
    // Who asked has gone before it had said all.
    if (text === '') return void response.destroy();
    const { query, variables = {}, operationName } = JSON.parse(text);
    const seen = { query, variables, headers: request.headers };
    received.push(seen);
    if (override) return override(response, seen);
    if (request.headers.accept === 'text/event-stream') return answerEvents(request, response, text);
    const document = parse(query);
    const errors = validate(schema, document);
    const result = errors.length
      ? { errors }
      : await execute({ schema, document, variableValues: variables, operationName, contextValue: contextOf(request) });
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(result));
  });
  // A connection that ends for being idle, just when a machine goes on that has stalled, would fail what is sent then.
  http.keepAliveTimeout = 0;
  const sockets = new WebSocketServer({ server: http });
  const context = ({ connectionParams, extra }: Context<ConnectionInitMessage['payload'], Extra>): SubgraphContext => ({
    ...contextOf(extra.request),
    connectionParams,
  });
  const websocket = useServer({ schema, execute, subscribe, context }, sockets);
  await new Promise<void>((resolve) => http.listen(at, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= (async () => {
      await websocket.dispose();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    })();
    return closed;
  };
  return {
    url: `http://127.0.0.1:${port}/graphql`,
    schema,
    received,
    answerWith: (answer) => {
      override = answer;
    },
    close,
    kill() {
      for (const socket of sockets.clients) socket.terminate();
      return close();
    },
  };
}

/** The reference server of the protocol; a source that throws is told as other servers do. */
function createEventEndpoint(schema: GraphQLSchema) {
  const handle = createHandler<IncomingMessage, undefined, SubgraphContext>({
    schema,
    execute,
    subscribe,
    context: async ({ raw }) => contextOf(raw),
  });
  return async (request: IncomingMessage, response: ServerResponse, body: string): Promise<void> => {
    const [answer, { status, headers }] = await handle({
      method: 'POST',
      url: '/graphql',
      headers: { get: (name) => request.headers[name]?.toString() },
      body,
      raw: request,
      context: undefined,
    });
    response.writeHead(status, headers);
    if (answer === null || typeof answer === 'string') return void response.end(answer ?? '');
    response.on('close', () => void answer.return(undefined));
    try {
      for await (const text of answer) response.write(text);
      response.end();
    } catch (cause) {
      const errors = [cause instanceof GraphQLError ? cause : new GraphQLError(String(cause))];
      response.end(`event: next\ndata: ${JSON.stringify({ errors })}\n\nevent: complete\ndata:\n\n`);
    }
  };
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

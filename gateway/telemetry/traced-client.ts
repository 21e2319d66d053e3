import { withTrace } from '../request/forwarded-headers.ts';
import type { Span, SpanStart } from '../request/span.ts';
import { SubgraphCallError } from '../subgraph-client/subgraph-call-error.ts';
import type { SubgraphCall, SubgraphClient } from '../subgraph-client/subgraph-client.ts';
import { tellErrors } from './told-errors.ts';

/**
 * The same subgraph, asked as part of the trace of who asks: a span for each call, repetitions included, below which the
 * subgraph's own stands (https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client-span). Of a subscription
 * it gets that of its client.
 */
export function tracedClient(client: SubgraphClient): SubgraphClient {
  const described = describe(client);
  return {
    ...client,
    async execute(call) {
      const { span: parent } = call.context;
      if (!parent) return client.execute(call);
      const { operationKind, operationName } = call.request;
      const its = { 'graphql.operation.type': operationKind, 'graphql.operation.name': operationName };
      const span = parent.child({ ...described, attributes: { ...described.attributes, ...its } });
      try {
        const response = await client.execute(inTraceOf(span, call));
        tellErrors(span, response.errors ?? []);
        return response;
      } catch (cause) {
        span.fail(cause instanceof SubgraphCallError ? cause.code : 'INTERNAL');
        throw cause;
      } finally {
        span.end();
      }
    },
    subscribe(call) {
      const { span } = call.context;
      return client.subscribe(span ? inTraceOf(span, call) : call);
    },
  };
}

const inTraceOf = (span: Span, call: SubgraphCall): SubgraphCall => ({
  ...call,
  context: { ...call.context, span, forwarded: withTrace(call.context.forwarded, span.headers) },
});

/** Without what an address may have of secrets. */
function describe({ service, url }: SubgraphClient): SpanStart {
  const attributes = { 'subgraph.name': service };
  if (url === undefined) return { name: service, kind: 'internal', attributes };
  const { protocol, hostname, port, origin, pathname } = new URL(url);
  const usualPort = protocol === 'https:' ? 443 : 80;
  return {
    name: `POST ${service}`,
    kind: 'client',
    attributes: {
      ...attributes,
      'http.request.method': 'POST',
      'server.address': hostname,
      'server.port': port === '' ? usualPort : Number(port),
      'url.full': `${origin}${pathname}`,
    },
  };
}

import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A span as it arrives by OTLP, its attributes by their names. */
export interface SeenSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  /** Whether its status is an error. */
  readonly hasFailed: boolean;
}

interface SentSpan extends Omit<SeenSpan, 'kind' | 'attributes' | 'hasFailed' | 'links'> {
  readonly kind: number;
  readonly attributes?: readonly SentAttribute[];
  readonly links?: SeenSpan['links'];
  readonly status?: { readonly code?: number };
}

interface SentAttribute {
  readonly key: string;
  readonly value: {
    readonly stringValue?: string;
    readonly intValue?: number;
    readonly boolValue?: boolean;
    readonly arrayValue?: { readonly values: readonly SentAttribute['value'][] };
  };
}

export interface TraceCollector {
  readonly endpoint: string;
  /** Everything that arrived, as text. */
  text(): string;
  readonly requests: readonly { readonly url: string; readonly headers: IncomingHttpHeaders }[];
  /** The spans of one trace, once there are so many. */
  trace(traceId: string, count: number): Promise<readonly SeenSpan[]>;
  /** Every span, once there is one that fits. */
  until(fits: (span: SeenSpan) => boolean): Promise<readonly SeenSpan[]>;
  /** Resolves with the next request. */
  asked(): Promise<void>;
  close(): Promise<void>;
}

/** A collector of OpenTelemetry: takes OTLP over HTTP as JSON. @param answer instead of taking it */
export async function startCollector(answer?: (response: ServerResponse) => void): Promise<TraceCollector> {
  const requests: { url: string; headers: IncomingHttpHeaders }[] = [];
  const texts: string[] = [];
  const spans: SeenSpan[] = [];
  let waiting: (() => void)[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    requests.push({ url: request.url ?? '', headers: request.headers });
    texts.push(text);
    spans.push(...spansIn(text));
    for (const wake of waiting.splice(0)) wake();
    if (answer) return answer(response);
    response.setHeader('content-type', 'application/json');
    response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const asked = () => new Promise<void>((resolve) => waiting.push(resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    text: () => texts.join('\n'),
    requests,
    async trace(traceId, count) {
      const found = () => spans.filter((span) => span.traceId === traceId);
      while (found().length < count) await asked();
      return found();
    },
    async until(fits) {
      while (!spans.some(fits)) await asked();
      return spans;
    },
    asked,
    async close() {
      waiting = [];
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const kinds = ['', 'internal', 'server', 'client', 'producer', 'consumer'];

function spansIn(text: string): SeenSpan[] {
  const { resourceSpans } = JSON.parse(text) as {
    resourceSpans: { scopeSpans: { spans: SentSpan[] }[] }[];
  };
  const sent = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
  return sent.map(({ kind, attributes = [], links = [], status, ...span }) => ({
    ...span,
    kind: kinds[kind] ?? `${kind}`,
    attributes: Object.fromEntries(attributes.map(({ key, value }) => [key, readValue(value)])),
    links: links.map(({ traceId, spanId }) => ({ traceId, spanId })),
    hasFailed: status?.code === 2,
  }));
}

const readValue = (value: SentAttribute['value']): unknown =>
  value.arrayValue?.values.map(readValue) ?? value.stringValue ?? value.boolValue ?? Number(value.intValue);

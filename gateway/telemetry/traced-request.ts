import type { IncomingMessage, ServerResponse } from 'node:http';
import { TLSSocket } from 'node:tls';
import { type ForwardedHeaders, traceIn, traceOf } from '../request/forwarded-headers.ts';
import { isAnswered, lastWordsOf } from '../request/last-words.ts';
import type { Span, SpanAttributes, Tracer } from '../request/span.ts';
import { httpMethodOf } from './http-method.ts';
import { tellWatchers } from './told-errors.ts';

const overHttp2 = ({ httpVersion }: IncomingMessage): boolean => httpVersion === '2.0';
/** HTTP/2 is spoken over TLS only. */
const overTls = (request: IncomingMessage): boolean => overHttp2(request) || request.socket instanceof TLSSocket;

/**
 * The span of one request, as part of its client's trace; it ends with its answer
 * (https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span). Without what stands behind the `?`: a GET
 * has its document and variables there.
 */
export function tracedRequest(tracer: Tracer, route: string, request: IncomingMessage, response: ServerResponse): Span {
  const { headers, method = '' } = request;
  const known = httpMethodOf(method);
  const span = tracer.start(
    {
      name: `${known ?? 'HTTP'} ${route}`,
      kind: 'server',
      attributes: {
        'http.request.method': known ?? '_OTHER',
        'http.request.method_original': known === undefined ? method : undefined,
        'http.route': route,
        'url.path': route,
        'url.scheme': overTls(request) ? 'https' : 'http',
        'network.protocol.version': overHttp2(request) ? '2' : request.httpVersion,
        'user_agent.original': headers['user-agent'],
        ...serverOf(headers.host ?? headers[':authority']?.toString()),
      },
      ending(its) {
        const words = lastWordsOf(response);
        if (!words && !response.headersSent) return its.fail('REQUEST_ABORTED');
        const status = words?.status ?? response.statusCode;
        its.tell({ 'http.response.status_code': status });
        if (status >= 500) its.fail(`${status}`);
      },
    },
    traceOf(headers),
  );
  if (span.isSampled) {
    response.once('close', () => {
      if (!isAnswered(response)) span.fail('REQUEST_ABORTED');
      tellWatchers({ span }, lastWordsOf(response)?.errors ?? []);
      span.end();
    });
  }
  return span;
}

/** The span of one operation that came as a message of a WebSocket. */
export function tracedMessage(tracer: Tracer, requestId: string, forwarded: ForwardedHeaders | undefined): Span {
  const attributes = { 'network.protocol.name': 'websocket', 'andon.request.id': requestId };
  return tracer.start({ name: 'WebSocket subscribe', kind: 'server', attributes }, traceIn(forwarded));
}

function serverOf(host = ''): SpanAttributes {
  const [, address, port] = /^(\[[\da-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/i.exec(host) ?? [];
  return { 'server.address': address, 'server.port': port === undefined ? undefined : Number(port) };
}

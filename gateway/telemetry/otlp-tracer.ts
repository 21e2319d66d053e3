import {
  createTraceState,
  ROOT_CONTEXT,
  type Span as SdkSpan,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Runtime } from '../../runtime/runtime.ts';
import { SeldomWarning } from '../../runtime/seldom-warning.ts';
import { readTraceParent, type TraceHeaders } from '../request/forwarded-headers.ts';
import type { Span, SpanAttributes, SpanStart, Tracer } from '../request/span.ts';
import type { CollectorAccess } from './config.ts';
import { createWatchedAgent, type Reach } from './watched-agent.ts';

export interface OtlpTracerOptions extends CollectorAccess {
  /** Where traces are sent: http(s), with the path. */
  readonly endpoint: string;
  readonly serviceName: string;
  /** From 0 to 1: of the traces that begin here. */
  readonly sampleRatio: number;
  readonly runtime: Pick<Runtime, 'clock' | 'timers' | 'log'>;
}

/** Spans that wait to be sent; more are dropped. Each has some 2,000 bytes. */
const maxWaiting = 8192;
/** Spans that are sent at once. */
const batchSize = 1024;
/** Milliseconds that the first of a batch waits for others. */
const batchDelayMs = 500;
/** Milliseconds that a collector may take, repetitions included. */
const exportTimeoutMs = 10_000;
/** Characters of one attribute: some are chosen by clients. */
const maxAttributeLength = 256;

/**
 * Traces for a collector of OpenTelemetry: OTLP over HTTP, as JSON (https://opentelemetry.io/docs/specs/otlp/#otlphttp).
 * Nothing of the library is global: each gateway of a process has its own.
 */
export function createOtlpTracer(options: OtlpTracerOptions): Tracer {
  const { endpoint, serviceName, sampleRatio, headers, resource, runtime } = options;
  const backlog = new Backlog(endpoint, runtime);
  const library = new OTLPTraceExporter({
    url: endpoint,
    headers: { ...headers },
    timeoutMillis: exportTimeoutMs,
    httpAgentOptions: (protocol) => createWatchedAgent(protocol, backlog),
  });
  const processor = new BatchSpanProcessor({
    exporter: backlog.relieveBy(library),
    maxQueueSize: maxWaiting,
    maxExportBatchSize: batchSize,
    scheduledDelayMillis: batchDelayMs,
    // The exporter's own is earlier.
    exportTimeoutMillis: exportTimeoutMs + 5000,
  });
  const provider = new TracerProvider({
    // The environment wins over the file.
    resource: defaultResource().merge(resourceFromAttributes({ 'service.name': serviceName, ...resource })),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }),
    spanLimits: { attributeValueLengthLimit: maxAttributeLength },
    spanProcessors: [processor],
  });
  const tracer = provider.getTracer('andon');
  const begin = ({ name, kind, attributes = {}, link, ending }: SpanStart, parent: SpanContext | undefined): Span => {
    const linked = link && contextOf(link.headers);
    const context = parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
    const links = linked ? [{ context: linked }] : [];
    const span = tracer.startSpan(name, { kind: kinds[kind], attributes: given(attributes), links }, context);
    return new OtlpSpan(span, ending, { begin, ended: () => backlog.grow() });
  };
  return {
    start: (start, headers) => begin(start, headers && contextOf(headers)),
    close: (withinMs) =>
      new Promise((resolve) => {
        const end = () => {
          cancel();
          resolve();
        };
        const cancel = runtime.timers.after(withinMs, () => {
          backlog.giveUp(new Error(`no answer within ${Math.round(withinMs)} ms`));
          resolve();
        });
        // Until its time is over the library tries again and again.
        backlog.onceUnreachable(end);
        provider
          .shutdown()
          .catch(() => undefined)
          .finally(end);
      }),
  };
}

type SpanContext = ReturnType<SdkSpan['spanContext']>;

interface SpanServices {
  begin(start: SpanStart, parent: SpanContext): Span;
  ended(): void;
}

class OtlpSpan implements Span {
  readonly isSampled: boolean;
  readonly #context: SpanContext;
  readonly #services: SpanServices;
  /** Absent once it has ended, or where it is not sampled: a subscription holds on to its client's span for weeks. */
  #open: { readonly span: SdkSpan; readonly ending: SpanStart['ending'] } | undefined;

  constructor(span: SdkSpan, ending: SpanStart['ending'], services: SpanServices) {
    this.#context = span.spanContext();
    this.#services = services;
    this.isSampled = span.isRecording();
    if (this.isSampled) this.#open = { span, ending };
  }

  get headers(): TraceHeaders {
    const { traceId, spanId, traceFlags, traceState } = this.#context;
    const tracestate = traceState?.serialize();
    const traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
    return tracestate ? { traceparent, tracestate } : { traceparent };
  }

  child(start: SpanStart): Span {
    return this.isSampled ? this.#services.begin(start, this.#context) : this;
  }

  tell(attributes: SpanAttributes): void {
    this.#open?.span.setAttributes(given(attributes));
  }

  fail(code: string): void {
    this.#open?.span.setAttribute('error.type', code).setStatus({ code: SpanStatusCode.ERROR });
  }

  end(): void {
    const ended = this.#open;
    if (!ended) return;
    ended.ending?.(this);
    this.#open = undefined;
    this.#services.ended();
    ended.span.end();
  }
}

/** What waits to be sent, and the one place where it is told that nobody takes it. Clients never hear of it. */
class Backlog implements Reach {
  readonly #endpoint: string;
  readonly #unsent: SeldomWarning;
  readonly #dropped: SeldomWarning;
  #waiting = 0;
  /** Why the last try to reach the collector has failed, while more of them follow. */
  #failure: Error | undefined;
  #onUnreachable: (() => void) | undefined;

  constructor(endpoint: string, runtime: Pick<Runtime, 'clock' | 'log'>) {
    const { origin, pathname } = new URL(endpoint);
    // What may stand behind it is nobody's business.
    this.#endpoint = `${origin}${pathname}`;
    this.#unsent = new SeldomWarning('traces not sent', runtime);
    this.#dropped = new SeldomWarning('traces dropped: the collector takes them too slowly', runtime);
  }

  grow(): void {
    if (this.#waiting < maxWaiting) this.#waiting += 1;
    else this.#dropped.tell({ endpoint: this.#endpoint, waiting: maxWaiting });
  }

  readonly connected = (): void => {
    this.#failure = undefined;
  };

  readonly failed = (cause: Error): void => {
    this.#failure = cause;
    if (this.#onUnreachable) this.giveUp(cause);
    this.#onUnreachable?.();
  };

  /** Calls `run` where the collector cannot be reached: at once, or when it is tried the next time. */
  onceUnreachable(run: () => void): void {
    this.#onUnreachable = run;
    if (this.#failure) this.failed(this.#failure);
  }

  /** Nobody waits for the rest any more. */
  giveUp(cause: Error): void {
    this.#unsent.tell({ endpoint: this.#endpoint, ...reasonOf(cause) });
  }

  relieveBy(exporter: SpanExporter): SpanExporter {
    return {
      export: (spans, done) => {
        this.#waiting -= spans.length;
        exporter.export(spans, ({ code, error }) => {
          this.#failure = undefined;
          // The library would tell a logger of the whole process, each time.
          if (code !== sent) this.#unsent.tell({ endpoint: this.#endpoint, spans: spans.length, ...reasonOf(error) });
          done({ code: sent });
        });
      },
      shutdown: () => exporter.shutdown(),
    };
  }
}

/** `ExportResultCode.SUCCESS` */
const sent = 0;

/** A collector's answer may have anything in it: its status does. */
function reasonOf(error: (Error & { readonly code?: unknown }) | undefined) {
  return { problem: error?.message, ...(error?.code !== undefined && { code: error.code }) };
}

const kinds: Readonly<Record<SpanStart['kind'], SpanKind>> = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  consumer: SpanKind.CONSUMER,
};

const given = (attributes: SpanAttributes) =>
  Object.fromEntries(
    Object.entries(attributes).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, typeof value === 'object' ? [...value] : value] as const],
    ),
  );

function contextOf({ traceparent, tracestate }: TraceHeaders): SpanContext | undefined {
  const parent = readTraceParent(traceparent);
  if (!parent) return undefined;
  const { traceId, spanId, isSampled } = parent;
  return {
    traceId,
    spanId,
    traceFlags: isSampled ? 1 : 0,
    isRemote: true,
    ...(tracestate !== undefined && { traceState: createTraceState(tracestate) }),
  };
}

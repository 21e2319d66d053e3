import type { TraceHeaders } from './forwarded-headers.ts';

/** By its dots and letters a name of the OpenTelemetry semantic conventions, or one below `andon.`. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface SpanStart {
  /** Takes few values: no name that a client chose. */
  readonly name: string;
  readonly kind: 'internal' | 'server' | 'client' | 'consumer';
  readonly attributes?: SpanAttributes;
  /** Something else that it is about, mostly in another trace. */
  readonly link?: Span | undefined;
  /** Called as it ends, for what is known only then. */
  ending?(span: Span): void;
}

/** One piece of work in a trace. One that is not sampled has itself for a child, and costs next to nothing. */
export interface Span {
  /** What those get who are asked for the work: with it theirs stands below this one. */
  readonly headers: TraceHeaders;
  readonly isSampled: boolean;
  child(start: SpanStart): Span;
  tell(attributes: SpanAttributes): void;
  /** It went wrong. @param code a name of ours, of a closed set */
  fail(code: string): void;
  /** Once; nothing that comes later counts. */
  end(): void;
}

export interface Tracer {
  /**
   * The first piece of work that this process does for somebody.
   * @param trace the one that it is part of, which then says whether it is sampled. @default a new one
   */
  start(start: SpanStart, trace?: TraceHeaders): Span;
  /** Sends what has ended, and no more. @param withinMs gives up after it */
  close(withinMs: number): Promise<void>;
}

import type { IncomingHttpHeaders } from 'node:http';
import { refuse } from './request-error.ts';

/** Headers of a client's request that go on to subgraphs. */
export interface ForwardedHeaders {
  /** By name, in lower case. */
  readonly values: Readonly<Record<string, string>>;
  /**
   * Equal for equal values: answers may depend on them, so work is shared only among these. What traces a request is no part
   * of it. Empty where nothing else is forwarded.
   */
  readonly key: string;
}

export interface ForwardingNames {
  /** For every subgraph, in lower case. */
  readonly forwardHeaders: readonly string[];
  /** For single ones, by name, instead. */
  readonly forwardHeadersBySubgraph: Readonly<Record<string, readonly string[]>>;
}

/**
 * Reads what a client sends for its subgraphs: HTTP headers, and over these what stands under the same names in the payloads
 * of a WebSocket, since pages in browsers cannot give one headers.
 * @throws RequestError 400 a payload has a value that no header can have
 */
export type ReadForwarded = (
  headers: IncomingHttpHeaders,
  ...payloads: readonly Readonly<Record<string, unknown>>[]
) => ForwardedHeaders;

/** The headers of a trace, each valid: https://www.w3.org/TR/trace-context/ */
export interface TraceHeaders {
  readonly traceparent: string;
  readonly tracestate?: string;
}

const none: ForwardedHeaders = { values: {}, key: '' };

export function createForwarding({ forwardHeaders, forwardHeadersBySubgraph }: ForwardingNames): ReadForwarded {
  const names = [...new Set([...forwardHeaders, ...Object.values(forwardHeadersBySubgraph).flat()])].sort();
  return (headers, ...payloads) => {
    const trace = lastTraceOf(headers, payloads);
    if (names.length === 0) return trace ? { values: { ...trace }, key: '' } : none;
    const given = payloads.flatMap(namedIn);
    const found = names.flatMap((name) => {
      const value = given.findLast(([its]) => its === name)?.[1] ?? headers[name];
      if (value === undefined) return [];
      if (!isHeaderValue(value)) throw noHeaderValue(name);
      return [[name, value] as const];
    });
    return { values: { ...Object.fromEntries(found), ...trace }, key: found.length > 0 ? JSON.stringify(found) : '' };
  };
}

/** What of it goes to a subgraph for which these names are forwarded. */
export function forwardedTo(
  names: readonly string[],
  forwarded: ForwardedHeaders | undefined,
): Readonly<Record<string, string>> {
  if (forwarded === undefined || forwarded === none) return none.values;
  const own = Object.entries(forwarded.values).filter(([name]) => names.includes(name) || traceNames.includes(name));
  return Object.fromEntries(own);
}

/** The payload of a message, at its top or under `headers`: clients do both. @returns names in lower case */
export function namedIn(payload: Readonly<Record<string, unknown>>): readonly (readonly [string, unknown])[] {
  const { headers } = payload;
  const places = [payload, typeof headers === 'object' && headers !== null ? headers : {}];
  const named = places.flatMap((place) => Object.entries(place));
  return named.map(([name, value]) => [name.toLowerCase(), value ?? undefined] as const);
}

/** RFC 9110, 5.5, as bytes that are Latin-1 in Node. */
const isHeaderValue = (value: unknown): value is string =>
  typeof value === 'string' && /^[\t\x20-\x7e\x80-\xff]*$/.test(value);

const noHeaderValue = (name: string) =>
  refuse(
    400,
    'BAD_REQUEST',
    `"${name}" is passed on to subgraphs as a header. Write text, with no character that no header can have.`,
  );

/** The same for a subgraph that is asked as part of this trace. */
export function withTrace(forwarded: ForwardedHeaders | undefined, trace: TraceHeaders): ForwardedHeaders {
  const { traceparent: _, tracestate: __, ...values } = forwarded?.values ?? none.values;
  return { values: { ...values, ...trace }, key: forwarded?.key ?? none.key };
}

/** @returns the trace that they name; undefined where they name none */
export function traceIn(forwarded: ForwardedHeaders | undefined): TraceHeaders | undefined {
  const { traceparent, tracestate } = forwarded?.values ?? none.values;
  return traceparent === undefined ? undefined : { traceparent, ...(tracestate !== undefined && { tracestate }) };
}

/** Who takes no part in a trace passes it on as it is. */
const traceNames: readonly string[] = ['traceparent', 'tracestate'];

const aTrace = /^(?!ff)([\da-f]{2})-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(-.*)?$/;

/** @returns undefined where it is none. What versions to come append is not read (section 3.2.4 of the recommendation) */
export function readTraceParent(text: string) {
  const [, version, traceId, spanId, flags, appended] = aTrace.exec(text) ?? [];
  if (!traceId || !spanId || !flags || (version === '00' && appended !== undefined)) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** Longer ones need not be passed on (section 3.3.1.5). */
const maxStateLength = 4096;

export function traceOf({ traceparent, tracestate }: Readonly<Record<string, unknown>>): TraceHeaders | undefined {
  if (typeof traceparent !== 'string' || !readTraceParent(traceparent)) return undefined;
  const hasState = isHeaderValue(tracestate) && tracestate.length <= maxStateLength;
  return { traceparent, ...(hasState && { tracestate }) };
}

/** Pages in browsers cannot give a WebSocket headers: what is said last counts. */
function lastTraceOf(
  headers: IncomingHttpHeaders,
  payloads: readonly Readonly<Record<string, unknown>>[],
): TraceHeaders | undefined {
  if (payloads.length === 0) return traceOf(headers);
  const named = payloads.map((payload) => Object.fromEntries(namedIn(payload)));
  return [headers, ...named].map(traceOf).findLast((trace) => trace !== undefined);
}

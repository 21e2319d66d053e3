import { BoundedCache } from '../../runtime/bounded-cache.ts';
import type { IncrementalFormat } from '../incremental/incremental-body.ts';
import { refuse } from '../request/request-error.ts';

/** How one answer may be sent. */
export type SingleFormat = 'application/json' | 'application/graphql-response+json';
export type StreamFormat = 'event-stream' | 'multipart';

/** What the client takes, best first where it takes both. */
export interface AcceptedFormats {
  readonly single: SingleFormat | undefined;
  /** Only where the client names it: no wildcard means a stream. */
  readonly stream: StreamFormat | undefined;
  /** Whether an answer that fits into one response is still better sent as a stream. */
  readonly prefersStream: boolean;
  /** How an answer may be sent in parts, for @defer; absent where it has to come whole. */
  readonly incremental: IncrementalFormat | undefined;
  /**
   * Whether the client asks for `application/json` in so many words. The status then says only whether the request
   * arrived: such clients, older than the specification, take any other for a failure of the network.
   */
  readonly namesJson: boolean;
}

interface MediaRange {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

/** Negotiates by RFC 9110, 12.5.1. Without the header it is JSON (GraphQL over HTTP, "Legacy watershed"). */
export function readAcceptedFormats(accept: string | undefined): AcceptedFormats {
  if (accept === undefined || accept.trim() === '') return jsonOnly;
  const known = read.get(accept);
  if (known) return known;
  const formats = negotiate(accept);
  // Longer ones are not what common clients send.
  if (accept.length <= 512) read.set(accept, formats);
  return formats;
}

/** Clients are of few kinds, and each sends the same with every request. */
const read = new BoundedCache<AcceptedFormats>(100);

function negotiate(accept: string): AcceptedFormats {
  const ranges = accept.split(',').map(readRange);
  const json = qualityOf(ranges, 'application/json', ['application/json', ...wildcards]);
  const modern = qualityOf(ranges, modernType, [modernType, ...wildcards]);
  // A wildcard means JSON, as it always has, unless the client rather takes anything but that.
  const prefersModern = modern > json || (modern === json && ranges.some(({ type }) => type === modernType));
  const single = modern > 0 && prefersModern ? modernType : json > 0 ? 'application/json' : undefined;
  const events = qualityOf(ranges, 'text/event-stream', ['text/event-stream']);
  const parts = Math.max(0, ...ranges.filter(isSubscriptionSpec).map(({ quality }) => quality));
  const stream = events > 0 && events >= parts ? 'event-stream' : parts > 0 ? 'multipart' : undefined;
  const prefersStream = stream !== undefined && Math.max(events, parts) > Math.max(json, modern);
  const namesJson = single === 'application/json' && ranges.some(({ type }) => type === 'application/json');
  return { single, stream, prefersStream, namesJson, incremental: chooseIncremental(ranges) };
}

const modernType = 'application/graphql-response+json';
const wildcards = ['application/*', '*/*'];

const jsonOnly: AcceptedFormats = {
  single: 'application/json',
  stream: undefined,
  prefersStream: false,
  incremental: undefined,
  namesJson: false,
};

/** Apollo's: https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol */
const isSubscriptionSpec = ({ type, parameters }: MediaRange) =>
  type === 'multipart/mixed' && parameters.get('subscriptionspec') === '1.0';

/** `multipart/mixed` alone is taken for the format that most clients know. Wildcards mean no parts. */
function chooseIncremental(ranges: readonly MediaRange[]): IncrementalFormat | undefined {
  const asked = ranges.flatMap((range) => {
    const format = incrementalFormatOf(range);
    return format && range.quality > 0 ? [{ format, quality: range.quality }] : [];
  });
  return asked.sort((a, b) => b.quality - a.quality)[0]?.format;
}

function incrementalFormatOf({ type, parameters }: MediaRange): IncrementalFormat | undefined {
  if (type !== 'multipart/mixed') return undefined;
  const [deferSpec, spec] = [parameters.get('deferspec'), parameters.get('incrementalspec')];
  if (spec === 'v0.2') return 'v0.2';
  if (deferSpec === '20220824' || spec === 'v0.1') return '20220824';
  const isPlain = deferSpec === undefined && spec === undefined && !parameters.has('subscriptionspec');
  return isPlain ? '20220824' : undefined;
}

/** The most specific range that covers the type decides. */
function qualityOf(ranges: readonly MediaRange[], type: string, covering: readonly string[]): number {
  for (const cover of covering) {
    const found = ranges.filter((range) => range.type === cover && coversUtf8(range, type));
    if (found.length > 0) return Math.max(...found.map(({ quality }) => quality));
  }
  return 0;
}

function coversUtf8({ parameters }: MediaRange, type: string): boolean {
  const charset = parameters.get('charset')?.toLowerCase();
  return !type.startsWith('application/') || charset === undefined || charset === 'utf-8' || charset === 'utf8';
}

function readRange(text: string): MediaRange {
  const [type = '', ...rest] = text.split(';').map((part) => part.trim());
  const parameters = new Map(rest.map(readParameter));
  const quality = Number(parameters.get('q') ?? '1');
  return { type: type.toLowerCase(), parameters, quality: quality >= 0 && quality <= 1 ? quality : 0 };
}

function readParameter(text: string): [string, string] {
  const mark = text.indexOf('=');
  if (mark === -1) return [text.toLowerCase(), ''];
  return [
    text.slice(0, mark).trim().toLowerCase(),
    text
      .slice(mark + 1)
      .trim()
      .replace(/^"(.*)"$/, '$1'),
  ];
}

export const notAcceptable = () =>
  refuse(
    406,
    'NOT_ACCEPTABLE',
    'Accept application/graphql-response+json, application/json, or a stream for subscriptions.',
  );

import { ConfigValueError } from '../config.ts';

/** What the environment says of traces, under the names that every program with OpenTelemetry reads. */
export interface CollectorAccess {
  /** Sent to the collector: mostly a key. `OTEL_EXPORTER_OTLP_TRACES_HEADERS`, else `OTEL_EXPORTER_OTLP_HEADERS` */
  readonly headers: Readonly<Record<string, string>>;
  /** Who sends the traces. `OTEL_RESOURCE_ATTRIBUTES`, and over its `service.name` `OTEL_SERVICE_NAME` */
  readonly resource: Readonly<Record<string, string>>;
}

/** @throws ConfigValueError names the variable, never its value: it is a secret */
export function readCollectorAccess(env: NodeJS.ProcessEnv = process.env): CollectorAccess {
  const headersFrom = env['OTEL_EXPORTER_OTLP_TRACES_HEADERS']
    ? 'OTEL_EXPORTER_OTLP_TRACES_HEADERS'
    : 'OTEL_EXPORTER_OTLP_HEADERS';
  const name = env['OTEL_SERVICE_NAME'];
  return {
    headers: readPairs(headersFrom, env[headersFrom], isHeader),
    resource: {
      ...readPairs('OTEL_RESOURCE_ATTRIBUTES', env['OTEL_RESOURCE_ATTRIBUTES'], ([key]) => key !== ''),
      ...(name && { 'service.name': name }),
    },
  };
}

type Pair = readonly [name: string, value: string];

/** `name=value,name=value`, percent-encoded (https://opentelemetry.io/docs/specs/otel/protocol/exporter/). */
function readPairs(variable: string, text: string | undefined, isFit: (pair: Pair) => boolean): Record<string, string> {
  const parts = (text ?? '').split(',').filter((part) => part.trim() !== '');
  const pairs = parts.map((part): Pair => {
    const mark = part.indexOf('=');
    return [part.slice(0, Math.max(mark, 0)).trim(), decoded(part.slice(mark + 1).trim())];
  });
  if (pairs.every(isFit)) return Object.fromEntries(pairs);
  throw new ConfigValueError(`${variable} is no list of pairs. Write name=value,name=value.`);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** RFC 9110, 5.6.2 and 5.5. */
const isHeader = ([name, value]: Pair) => /^[\w!#$%&'*+.^`|~-]+$/.test(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value);

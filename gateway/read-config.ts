import { type ItemRule, readYamlFile, type YamlSection } from '../runtime/yaml-file.ts';
import {
  ConfigValueError,
  type CorsConfig,
  type DocumentsConfig,
  defaultGatewayConfig,
  type EngineChoice,
  type GatewayConfig,
  type GatewayLimits,
  type HttpConfig,
  type MetricsConfig,
  type OverrideConfig,
  type SubgraphsConfig,
  type SubgraphTlsConfig,
  type SubscriptionProtocol,
  type SubscriptionsConfig,
  type SupergraphConfig,
  type TlsConfig,
  type TracingConfig,
} from './config.ts';

const engines: readonly EngineChoice[] = ['auto', 'native', 'apollo'];
const subscriptionProtocols: readonly SubscriptionProtocol[] = ['websocket', 'sse'];

const maxInteger = 2_147_483_647;
/** Options whose 0 has a meaning. */
const zeroIsOff: ReadonlySet<string> = new Set([
  'maxCost',
  'hedgeAfterMs',
  'retryBudgetPercent',
  'replayEvents',
  'replayKeepMs',
  'reconnectForMs',
]);

export interface ConfigSources {
  /** Path of `andon.yaml`; without it the defaults hold. */
  readonly file?: string | undefined;
  /** @default process.env */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** The environment wins over the file. @throws ConfigFileError, ConfigValueError */
export function readGatewayConfig({ file, env = process.env }: ConfigSources = {}): GatewayConfig {
  const config = file === undefined ? defaultGatewayConfig : readYamlFile(file, readOptions);
  const port = env['PORT'];
  if (port && (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)) {
    throw new ConfigValueError(`PORT is "${port}". Set it to a whole number from 0 to 65535.`);
  }
  const engine = readEngineChoice(env['ANDON_ENGINE']) ?? config.engine;
  return Object.freeze({ ...config, engine, ...(port && { port: Number(port) }) });
}

/** @param text of ANDON_ENGINE @throws ConfigValueError */
function readEngineChoice(text: string | undefined): EngineChoice | undefined {
  if (!text) return undefined;
  const engine = engines.find((one) => one === text);
  if (engine) return engine;
  throw new ConfigValueError(`ANDON_ENGINE is "${text}". Set it to ${engines.join(', ')}, or leave it out.`);
}

function readOptions(root: YamlSection): GatewayConfig {
  const defaults = defaultGatewayConfig;
  root.expectOnly(Object.keys(defaults));
  return Object.freeze({
    port: root.integer('port', 0, 65_535) ?? defaults.port,
    host: root.string('host') ?? defaults.host,
    allowedHosts: readHosts(root),
    introspection: root.boolean('introspection') ?? defaults.introspection,
    maskErrors: root.boolean('maskErrors') ?? defaults.maskErrors,
    planCacheBytes: root.integer('planCacheBytes', 1, maxInteger) ?? defaults.planCacheBytes,
    engine: root.choice('engine', engines) ?? defaults.engine,
    supergraph: readSupergraph(root.section('supergraph')),
    override: readOverride(root.section('override')),
    limits: readLimits(root.section('limits')),
    subgraphs: readSubgraphs(root.section('subgraphs')),
    sharing: Object.freeze(readPlain(root.section('sharing'), defaults.sharing)),
    subscriptions: readSubscriptions(root.section('subscriptions')),
    exposeQueryPlans: root.boolean('exposeQueryPlans') ?? defaults.exposeQueryPlans,
    http: readHttp(root.section('http')),
    documents: readDocuments(root.section('documents')),
    cors: readCors(root.section('cors')),
    metrics: readMetrics(root.section('metrics')),
    tracing: readTracing(root.section('tracing')),
    tls: root.keys().includes('tls') ? readTls(root.section('tls')) : undefined,
  });
}

function readOverride(section: YamlSection): OverrideConfig {
  section.expectOnly(Object.keys(defaultGatewayConfig.override));
  return Object.freeze({ labels: section.strings('labels') ?? defaultGatewayConfig.override.labels });
}

const hostName: ItemRule = {
  isFit: (text) => /^(?:[\w.-]+|\[[\da-f:.]+\])$/i.test(text),
  what: 'host name',
  remedy: 'Write the name alone, without scheme and port.',
};

function readHosts(root: YamlSection): readonly string[] {
  const hosts = root.strings('allowedHosts') ?? defaultGatewayConfig.allowedHosts;
  root.refuseItems('allowedHosts', hosts, hostName);
  return hosts;
}

function readSupergraph(section: YamlSection): SupergraphConfig {
  return Object.freeze({
    ...readPlain(section, defaultGatewayConfig.supergraph),
    source: section.string('source'),
  });
}

function readLimits(section: YamlSection): GatewayLimits {
  const { limits } = defaultGatewayConfig;
  return Object.freeze({
    ...readPlain(section, limits),
    costMode: section.choice('costMode', ['enforce', 'measure']) ?? limits.costMode,
  });
}

function readSubgraphs(section: YamlSection): SubgraphsConfig {
  const { subgraphs } = defaultGatewayConfig;
  return Object.freeze({
    ...readPlain(section, subgraphs),
    urlBySubgraph: byName(section.section('urlBySubgraph'), (names, name) => readUrl(names, name, callSchemes)),
    tls: section.keys().includes('tls') ? readSubgraphTls(section.section('tls')) : undefined,
    timeoutMsBySubgraph: byName(section.section('timeoutMsBySubgraph'), (names, name) =>
      names.integer(name, 1, maxInteger),
    ),
    idempotencyKey: section.string('idempotencyKey'),
    subscriptionProtocol:
      section.choice('subscriptionProtocol', subscriptionProtocols) ?? subgraphs.subscriptionProtocol,
    subscriptionProtocolBySubgraph: byName(section.section('subscriptionProtocolBySubgraph'), (names, name) =>
      names.choice(name, subscriptionProtocols),
    ),
    subscriptionUrlBySubgraph: byName(section.section('subscriptionUrlBySubgraph'), (names, name) =>
      readUrl(names, name, streamSchemes),
    ),
    forwardHeaders: readHeaderNames(section, 'forwardHeaders') ?? subgraphs.forwardHeaders,
    forwardHeadersBySubgraph: byName(section.section('forwardHeadersBySubgraph'), readHeaderNames),
  });
}

/** A name without a value is as good as none. */
function byName<T>(
  names: YamlSection,
  read: (names: YamlSection, name: string) => T | undefined,
): Readonly<Record<string, T>> {
  const given = names.keys().flatMap((name) => {
    const value = read(names, name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(given);
}

const callSchemes = ['http', 'https'] as const;
const streamSchemes = ['http', 'https', 'ws', 'wss'] as const;

function readUrl(names: YamlSection, name: string, schemes: readonly string[]): string | undefined {
  const url = names.string(name);
  if (url === undefined || (schemes.some((scheme) => url.startsWith(`${scheme}://`)) && URL.canParse(url))) return url;
  const choices = `${schemes.slice(0, -1).join(', ')} or ${schemes.at(-1)}`;
  names.refuse(name, url, `Write an address that begins with ${choices}.`);
  return undefined;
}

function readSubgraphTls(section: YamlSection): SubgraphTlsConfig {
  section.expectOnly(['caFile', 'certFile', 'keyFile']);
  const [certFile, keyFile] = [section.string('certFile'), section.string('keyFile')];
  if (section.has('certFile') !== section.has('keyFile')) {
    const missing = section.has('certFile') ? 'keyFile' : 'certFile';
    section.report(
      undefined,
      `"subgraphs.tls.${missing}" is missing.`,
      'Name the PEM files of the certificate and of its key, or neither.',
    );
  }
  return Object.freeze({ caFile: section.string('caFile'), certFile, keyFile });
}

/** They say what one message is, and how it is sent: those of a call are its own (RFC 9110, 7.6.1). */
const ownHeaders: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-request-id',
]);

const passedOnHeader: ItemRule = {
  // RFC 9110, 5.6.2.
  isFit: (name) => /^[\w!#$%&'*+.^`|~-]+$/.test(name) && !ownHeaders.has(name) && !/^(proxy|sec)-/.test(name),
  what: 'header that can be passed on',
  remedy: 'Write names such as accept-language. What says how a message is sent is of each call.',
};

function readHeaderNames(section: YamlSection, key: string): readonly string[] | undefined {
  const names = section.strings(key)?.map((name) => name.toLowerCase());
  section.refuseItems(key, names ?? [], passedOnHeader);
  return names;
}

function readSubscriptions(section: YamlSection): SubscriptionsConfig {
  const { subscriptions } = defaultGatewayConfig;
  return Object.freeze({
    ...readPlain(section, subscriptions),
    shareBy: section.choice('shareBy', ['principal', 'authority']) ?? subscriptions.shareBy,
    latestFields: section.strings('latestFields') ?? subscriptions.latestFields,
    mustDeliverFields: section.strings('mustDeliverFields') ?? subscriptions.mustDeliverFields,
  });
}

function readDocuments(section: YamlSection): DocumentsConfig {
  const plain = readPlain(section, defaultGatewayConfig.documents);
  const manifest = section.string('manifest');
  if (plain.strict && !section.has('manifest')) {
    section.report(
      'strict',
      '"documents.strict" is true, and there is no list of operations.',
      'Name its file as documents.manifest.',
    );
  }
  return Object.freeze({ ...plain, manifest });
}

function readCors(section: YamlSection): CorsConfig {
  const defaults = defaultGatewayConfig.cors;
  section.expectOnly(Object.keys(defaults));
  const origins = section.strings('origins') ?? defaults.origins;
  section.refuseItems('origins', origins, webOrigin);
  return Object.freeze({
    origins,
    maxAgeSeconds: section.integer('maxAgeSeconds', 0, 86_400) ?? defaults.maxAgeSeconds,
  });
}

const webOrigin: ItemRule = {
  isFit: (text) => text === '*' || (URL.canParse(text) && new URL(text).origin === text),
  what: 'origin',
  remedy: 'Write scheme://host, without a path, or "*".',
};

function readHttp(section: YamlSection): HttpConfig {
  const config = readPlain(section, defaultGatewayConfig.http);
  const { headersTimeoutMs, requestTimeoutMs } = config;
  if (headersTimeoutMs > requestTimeoutMs && section.has('headersTimeoutMs')) {
    const problem = `"http.headersTimeoutMs" is ${headersTimeoutMs}, and more than "http.requestTimeoutMs" (${requestTimeoutMs}).`;
    section.report('headersTimeoutMs', problem, 'Headers are part of the request: give them as much time at most.');
  }
  return Object.freeze({ ...config, headersTimeoutMs: Math.min(headersTimeoutMs, requestTimeoutMs) });
}

function readMetrics(section: YamlSection): MetricsConfig {
  const defaults = defaultGatewayConfig.metrics;
  section.expectOnly(Object.keys(defaults));
  return Object.freeze({
    port: section.integer('port', 0, 65_535),
    host: section.string('host') ?? defaults.host,
  });
}

function readTracing(section: YamlSection): TracingConfig {
  const defaults = defaultGatewayConfig.tracing;
  section.expectOnly(Object.keys(defaults));
  return Object.freeze({
    endpoint: readCollector(section),
    serviceName: section.string('serviceName') ?? defaults.serviceName,
    sampleRatio: section.fraction('sampleRatio') ?? defaults.sampleRatio,
  });
}

function readCollector(section: YamlSection): string | undefined {
  const given = section.string('endpoint');
  if (given === undefined) {
    const [other] = section.keys().filter((key) => key !== 'endpoint' && section.has(key));
    const remedy = 'Name the collector, or leave all of "tracing" out: without one nothing is traced.';
    if (other !== undefined && !section.has('endpoint'))
      section.report(other, '"tracing.endpoint" is missing.', remedy);
    return undefined;
  }
  const url = /^https?:\/\//.test(given) && URL.canParse(given) ? new URL(given) : undefined;
  if (url && url.username === '' && url.password === '') {
    return url.pathname === '/' ? `${url.origin}/v1/traces${url.search}` : given;
  }
  const remedy = 'Write an address that begins with http or https; a key goes into OTEL_EXPORTER_OTLP_HEADERS.';
  section.refuse('endpoint', url ? '(an address with a password)' : given, remedy);
  return undefined;
}

function readTls(section: YamlSection): TlsConfig {
  section.expectOnly(['certFile', 'keyFile', 'clientCaFile']);
  const required = (key: string): string => {
    if (section.has(key)) return section.string(key) ?? '';
    section.report(undefined, `"tls.${key}" is missing.`, 'Name the PEM files of the certificate and of its key.');
    return '';
  };
  return Object.freeze({
    certFile: required('certFile'),
    keyFile: required('keyFile'),
    clientCaFile: section.string('clientCaFile'),
  });
}

/** The defaults of a section, with the numbers and truth values that it gives. It may have no other keys. */
function readPlain<T extends object>(section: YamlSection, defaults: T): T {
  section.expectOnly(Object.keys(defaults));
  const given = Object.entries(defaults).flatMap(([key, usual]) => {
    const value = readLike(usual, section, key);
    return value === undefined ? [] : [[key, value] as const];
  });
  return { ...defaults, ...Object.fromEntries(given) };
}

function readLike(usual: unknown, section: YamlSection, key: string): number | boolean | undefined {
  if (typeof usual === 'number') return section.integer(key, zeroIsOff.has(key) ? 0 : 1, maxInteger);
  return typeof usual === 'boolean' ? section.boolean(key) : undefined;
}

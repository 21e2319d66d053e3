import type { OperationLimits } from './limits/limit.ts';
import { readYamlFile, type YamlSection } from './yaml-file.ts';

/** Every option of the gateway. Read from `andon.yaml` and the environment, validated, frozen. */
export interface GatewayConfig {
  /** TCP port; 0 takes a free one. Environment: PORT. @default 4000 */
  readonly port: number;
  /** Address to listen on. Anything but loopback needs authentication. @default 127.0.0.1 */
  readonly host: string;
  /** Whether `__schema` and `__type` are answered. Off hides the schema from strangers; IDEs then know nothing. @default true */
  readonly introspection: boolean;
  /** Whether messages of subgraph errors without a code are replaced by a sentence that reveals nothing. @default true */
  readonly maskErrors: boolean;
  /** Operations that are kept planned and compiled. More cost memory, fewer cost planning time. @default 1000 */
  readonly planCacheEntries: number;
  readonly limits: GatewayLimits;
  readonly subgraphs: SubgraphsConfig;
  readonly subscriptions: SubscriptionsConfig;
  readonly http: HttpConfig;
}

export interface GatewayLimits extends OperationLimits {
  /** Bytes of a request body. @default 1048576 */
  readonly maxBodyBytes: number;
}

export interface SubgraphsConfig {
  /** Milliseconds that one call to a subgraph may take. @default 10000 */
  readonly timeoutMs: number;
  /** The same for single subgraphs, by name. */
  readonly timeoutMsBySubgraph: Readonly<Record<string, number>>;
  /** Open connections to one subgraph at most. @default 64 */
  readonly maxConnections: number;
  /** Bytes of one subgraph answer. @default 33554432 */
  readonly maxResponseBytes: number;
}

export interface SubscriptionsConfig {
  /** Milliseconds for `connection_init` after the socket opened. @default 3000 */
  readonly initTimeoutMs: number;
  /** Milliseconds between pings that keep a connection alive and find dead ones. @default 15000 */
  readonly pingIntervalMs: number;
  /** Operations that may run at once on one connection. @default 100 */
  readonly maxOperations: number;
  /** Unsent bytes after which a slow client is closed, to come back with its cursor. @default 1048576 */
  readonly maxQueuedBytes: number;
  /**
   * Who may share one stream: `principal` joins clients of the same principal, `authority` those with the same roles,
   * plants, scopes and partner. The latter scales to thousands of dashboards, and is right where no subgraph looks at
   * the principal's id in a subscription. @default principal
   */
  readonly shareBy: 'principal' | 'authority';
}

export interface HttpConfig {
  /** Milliseconds for a request's headers. @default 10000 */
  readonly headersTimeoutMs: number;
  /** Milliseconds for a whole request to arrive. @default 30000 */
  readonly requestTimeoutMs: number;
  /** Milliseconds that an idle connection stays open. @default 65000 */
  readonly keepAliveTimeoutMs: number;
  /** Milliseconds that running requests get when the gateway stops. @default 10000 */
  readonly drainTimeoutMs: number;
}

export const defaultGatewayConfig: GatewayConfig = Object.freeze({
  port: 4000,
  host: '127.0.0.1',
  introspection: true,
  maskErrors: true,
  planCacheEntries: 1000,
  limits: Object.freeze({
    maxBodyBytes: 1_048_576,
    maxDepth: 25,
    maxFields: 2000,
    maxAliases: 100,
    maxRootFields: 30,
    maxDirectives: 100,
    maxTokens: 10_000,
  }),
  subgraphs: Object.freeze({
    timeoutMs: 10_000,
    timeoutMsBySubgraph: {},
    maxConnections: 64,
    maxResponseBytes: 33_554_432,
  }),
  subscriptions: Object.freeze({
    initTimeoutMs: 3000,
    pingIntervalMs: 15_000,
    maxOperations: 100,
    maxQueuedBytes: 1_048_576,
    shareBy: 'principal' as const,
  }),
  http: Object.freeze({
    headersTimeoutMs: 10_000,
    requestTimeoutMs: 30_000,
    keepAliveTimeoutMs: 65_000,
    drainTimeoutMs: 10_000,
  }),
});

export interface ConfigSources {
  /** Path of `andon.yaml`; without it the defaults hold. */
  readonly file?: string | undefined;
  /** @default process.env */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** The environment wins over the file. @throws ConfigFileError, ConfigValueError */
export function readGatewayConfig({ file, env = process.env }: ConfigSources = {}): GatewayConfig {
  const config = file === undefined ? defaultGatewayConfig : readFile(file);
  const port = env['PORT'];
  if (port === undefined || port === '') return config;
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new ConfigValueError(`PORT is "${port}". Set it to a whole number from 0 to 65535.`);
  }
  return Object.freeze({ ...config, port: Number(port) });
}

/** A value of the environment that cannot be used. */
export class ConfigValueError extends Error {
  readonly code = 'CONFIG_INVALID';

  constructor(message: string) {
    super(message);
    this.name = 'ConfigValueError';
  }
}

function readFile(file: string): GatewayConfig {
  const root = readYamlFile(file);
  const defaults = defaultGatewayConfig;
  root.refuseUnknown(Object.keys(defaults));
  return Object.freeze({
    port: root.integer('port', 0, 65_535) ?? defaults.port,
    host: root.string('host') ?? defaults.host,
    introspection: root.boolean('introspection') ?? defaults.introspection,
    maskErrors: root.boolean('maskErrors') ?? defaults.maskErrors,
    planCacheEntries: root.integer('planCacheEntries', 1, 1_000_000) ?? defaults.planCacheEntries,
    limits: readIntegers(root.section('limits'), defaults.limits),
    subgraphs: readSubgraphs(root.section('subgraphs')),
    subscriptions: readSubscriptions(root.section('subscriptions')),
    http: readIntegers(root.section('http'), defaults.http),
  });
}

function readSubgraphs(section: YamlSection): SubgraphsConfig {
  const { timeoutMsBySubgraph: _, ...defaults } = defaultGatewayConfig.subgraphs;
  section.refuseUnknown([...Object.keys(defaults), 'timeoutMsBySubgraph']);
  const bySubgraph = section.section('timeoutMsBySubgraph');
  const timeouts = bySubgraph.keys().map((name) => [name, bySubgraph.integer(name, 1, maxInteger) ?? 0] as const);
  return Object.freeze({ ...integersOf(section, defaults), timeoutMsBySubgraph: Object.fromEntries(timeouts) });
}

function readSubscriptions(section: YamlSection): SubscriptionsConfig {
  const { shareBy, ...defaults } = defaultGatewayConfig.subscriptions;
  section.refuseUnknown([...Object.keys(defaults), 'shareBy']);
  const given = section.string('shareBy') ?? shareBy;
  if (given !== 'principal' && given !== 'authority') {
    throw section.error('shareBy', `shareBy is "${given}".`, 'Write principal or authority.');
  }
  return Object.freeze({ ...integersOf(section, defaults), shareBy: given });
}

function readIntegers<T extends { readonly [K in keyof T]: number }>(section: YamlSection, defaults: T): T {
  section.refuseUnknown(Object.keys(defaults));
  return Object.freeze(integersOf(section, defaults));
}

const maxInteger = 2_147_483_647;

function integersOf<T extends { readonly [K in keyof T]: number }>(section: YamlSection, defaults: T): T {
  const given = Object.keys(defaults).flatMap((key) => {
    const value = section.integer(key, 1, maxInteger);
    return value === undefined ? [] : [[key, value] as const];
  });
  return { ...defaults, ...Object.fromEntries(given) };
}

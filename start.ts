import { existsSync } from 'node:fs';
import { readAuthConfig } from './auth/config.ts';
import { createDevelopmentTokens } from './auth/development-tokens.ts';
import { readInternalSecret } from './auth/internal-secret.ts';
import { createInternalTokens } from './auth/internal-token.ts';
import { createKeys, type Keys } from './auth/keys.ts';
import { readRevocations } from './auth/revocations.ts';
import { createVerifier } from './auth/verify.ts';
import { type AndonConfig, readConfig } from './config.ts';
import { type Domain, openDomain } from './domain.ts';
import type { GatewayConfig } from './gateway/config.ts';
import { createGateway, type Gateway } from './gateway/gateway.ts';
import type { GraphiqlOptions } from './gateway/http/graphiql.ts';
import { isLoopback } from './gateway/server/allowed-host.ts';
import { systemClock } from './runtime/clock.ts';
import { parseOptions } from './runtime/parse-options.ts';
import { stopOnSignal } from './runtime/process-thread.ts';
import type { Runtime } from './runtime/runtime.ts';
import { createSystemRuntime } from './runtime/system-runtime.ts';
import type { GraphReader } from './subgraphs/graph-reader.ts';
import { createSubgraphs } from './subgraphs/main.ts';
import { createLocalSubgraph } from './subgraphs/serving/local-subgraph.ts';
import { startSettling } from './subgraphs/transitions/settle-loop.ts';
import { welcome } from './welcome.ts';
import type { Workflows } from './workflows/create-workflows.ts';

/** A whole Andon in this process. */
export interface Andon {
  /** The GraphQL endpoint. */
  readonly url: string;
  /** What Prometheus reads, where the options name a port for it. */
  readonly metricsUrl: string | undefined;
  readonly keys: Keys;
  /** Stops accepting, finishes what runs, closes the stores. */
  stop(): Promise<void>;
}

/** Brings up everything, in the order in which one part needs another. */
export async function startAndon(config: AndonConfig): Promise<Andon> {
  const runtime = createSystemRuntime(config);
  const graph = createLateGraph();
  const domain = await openDomain(config, runtime, graph);
  try {
    return await startOn(domain, { config, runtime, graph });
  } catch (error) {
    await domain.close();
    throw error;
  }
}

interface Surroundings {
  readonly config: AndonConfig;
  readonly runtime: Runtime;
  readonly graph: LateGraph;
}

async function startOn(domain: Domain, { config, runtime, graph }: Surroundings): Promise<Andon> {
  const { clock, log } = runtime;
  const authConfig = readAuthConfig();
  const keys = await createKeys({ config: authConfig, ...runtime });
  const revocations = await readRevocations(authConfig, runtime);
  const verifier = createVerifier({ issuers: keys.issuers, clock, revocations });
  const internalTokens = createInternalTokens({ secret: await readInternalSecret(authConfig), clock });
  const workflows = await domain.openWorkflows();
  const { subgraphs, restoring } = await createSubgraphs(domain, workflows);
  const gateway = await createGateway({
    supergraphSdl: domain.supergraphSdl,
    runtime,
    config: config.gateway,
    subgraphs: new Map(subgraphs.map((subgraph) => [subgraph.name, createLocalSubgraph({ ...subgraph, log })])),
    authenticate: (credentials) => verifier.verify(credentials),
    onAuthorityChange: (run) => revocations.onChange(run),
    signInternal: (...call) => internalTokens.sign(...call),
    problem: domain.problem,
    note: restoring.unread,
    graphiql: graphiqlOptions(config, keys, runtime),
  }).catch(async (error: unknown) => {
    await restoring.stop();
    revocations.close();
    throw error;
  });
  graph.connect(gateway);
  const executors = subgraphs.flatMap(({ executor }) => executor ?? []);
  const stopSettling = startSettling(executors, runtime);
  const stopRetention = domain.startRetention(workflows);
  const stopWorking = async () => {
    await gateway.drain();
    await stopRetention();
    await workflows.stop();
    await stopSettling();
    await restoring.stop();
    revocations.close();
  };
  const { url, metricsUrl } = await startWorking(workflows, gateway).catch(async (error: unknown) => {
    await stopWorking();
    throw error;
  });
  return {
    url,
    metricsUrl,
    keys,
    async stop() {
      runtime.crashPoints.reached('K22');
      await stopWorking();
      await domain.close();
    },
  };
}

/** Clients come last. */
async function startWorking(workflows: Workflows, gateway: Gateway) {
  await workflows.start();
  return gateway.listen();
}

interface LateGraph extends GraphReader {
  connect(gateway: Gateway): void;
}

/** The graph as its own subgraphs and workflows see it. They are built before the gateway that answers them. */
function createLateGraph(): LateGraph {
  let connected: Gateway | null = null;
  return {
    connect: (gateway) => {
      connected = gateway;
    },
    async query(query, variables, principal, signal) {
      if (!connected) throw new Error('The graph was asked before the gateway was connected.');
      const { data, errors } = await connected.execute({ query, variables, principal, signal });
      return { data: data ?? null, errors: errors ?? [] };
    },
  };
}

/** Without introspection GraphiQL would know nothing. */
function graphiqlOptions({ gateway }: AndonConfig, keys: Keys, runtime: Runtime): GraphiqlOptions | false {
  if (!gateway.introspection) return false;
  return { ...(isPrivate(gateway) ? developmentToken(keys, runtime) : {}), defaultQuery: welcome.firstQuery };
}

/** Elsewhere than on loopback, or behind a proxy, the page may be opened by anybody. */
const isPrivate = ({ host, allowedHosts }: GatewayConfig) => isLoopback(host) && allowedHosts.length === 0;

/** GraphiQL opens with the token of somebody who may try most things. */
function developmentToken(keys: Keys, { clock }: Runtime): { token?: string } {
  if (keys.inForce !== 'DEVELOPMENT') return {};
  const tokens = createDevelopmentTokens({ keys: keys.development, clock });
  const token = tokens.find(({ person }) => person.roles.includes('QUALITY_MANAGER'))?.token;
  return token === undefined ? {} : { token };
}

/** Nobody asks who makes development tokens: that is for a machine that only its owner can reach. */
const exposedWarning = ({ gateway, dataDir }: AndonConfig) =>
  `andon up: WARNING: development keys are in force where other machines may ask (HOST is ${gateway.host}): whoever reads ${dataDir} or the tokens above acts as anybody. Set ANDON_JWKS_URL to your identity provider (docs/tokens.md), or leave HOST and ANDON_ALLOWED_HOSTS unset.\n`;

const help = `andon up: runs everything in one process: gateway, subgraphs, journal and workflows.

  --config FILE    options of the gateway, in YAML (default: andon.yaml in this folder, if there is one; docs/gateway.md)
  --help           this text

Settings come from the environment, which wins over the file:
  PORT             TCP port of the gateway, 0 for a free one (default: 4000)
  HOST             address that it listens on (default: 127.0.0.1)
  ANDON_DATA_DIR   where the embedded stores and the development keys live (default: .andon)
  DATABASE_URL     postgres://… to use PostgreSQL instead of the embedded stores
  ANDON_ENGINE     auto, native or apollo: what runs queries (default: auto; docs/gateway.md)
  ANDON_LANDSCAPE  which connectors speak to which systems (default: landscape.yaml)
  ANDON_JOURNAL_RETENTION_DAYS   how long events are kept, or forever (default: 90)
  LOG_LEVEL        debug, info, warn, error or silent (default: warn)
  ANDON_JWKS_URL, ANDON_JWKS_FILE, ANDON_ISSUER, ANDON_AUDIENCE   your identity provider; see docs/tokens.md
  ANDON_REVOCATIONS  the list of tokens that are taken back; see docs/tokens.md
`;

/** `andon up`: starts, says how to use it, and runs until SIGTERM or SIGINT. */
export async function runUpCommand(argv: string[]): Promise<void> {
  const { values } = parseOptions({
    args: argv,
    options: { config: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) {
    process.stdout.write(help);
    return;
  }
  const config = readConfig({ gatewayFile: values.config ?? (existsSync('andon.yaml') ? 'andon.yaml' : undefined) });
  const starting = startAndon(config);
  // Asked for before it is ready: whoever reads that it is may want it to stop at once.
  await stopOnSignal(async () => (await starting).stop());
  const andon = await starting;
  process.stdout.write(welcome.text({ ...andon, config, clock: systemClock }));
  if (andon.keys.inForce === 'DEVELOPMENT' && !isPrivate(config.gateway)) process.stderr.write(exposedWarning(config));
}

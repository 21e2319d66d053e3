import { readAuthConfig } from '../auth/config.ts';
import { readInternalSecret } from '../auth/internal-secret.ts';
import { createInternalTokens } from '../auth/internal-token.ts';
import { createKeys } from '../auth/keys.ts';
import { readRevocations } from '../auth/revocations.ts';
import { UsedTokens } from '../auth/used-tokens.ts';
import { createVerifier } from '../auth/verify.ts';
import { createCallerVerifier } from '../auth/verify-caller.ts';
import { parseOptions } from '../runtime/parse-options.ts';
import { stopOnSignal } from '../runtime/process-thread.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { createSystemRuntime } from '../runtime/system-runtime.ts';
import { UsageError } from '../runtime/usage-error.ts';
import type { GatewayConfig } from './config.ts';
import { createGateway, type GatewayOptions } from './gateway.ts';
import { readGatewayConfig } from './read-config.ts';
import { isLoopback } from './server/allowed-host.ts';
import { followSupergraph } from './supergraph/follow-supergraph.ts';
import { createSupergraphSource } from './supergraph/supergraph-source.ts';

const gatewayHelp = `andon gateway --supergraph FILE-OR-URL [--port N] [--config andon.yaml]

Serves a composed supergraph as one GraphQL endpoint at /graphql: queries and mutations over HTTP, subscriptions over
WebSocket (graphql-transport-ws). Without authentication it listens on loopback only.

  --supergraph FROM  the composed supergraph (see "andon compose"): a file, or an http(s) URL. A new one is taken into use
                     without dropping anything; one that cannot be used is refused in the log and the last good one stays.
                     Without it, supergraph.source of the config file
  --port N           TCP port; 0 takes a free one (default: the file's, else 4000)
  --config FILE      options of the gateway, in YAML
  --development-keys clients bring tokens of "andon token": the keys of ANDON_DATA_DIR, for trying out only
  --help             this text

ANDON_JWKS_URL or ANDON_JWKS_FILE, with ANDON_ISSUER, name the identity providers whose tokens are accepted (docs/tokens.md).
With either kind of keys subgraphs get a signed token of who asks; ANDON_INTERNAL_SECRET must be the same in every process.

SIGTERM lets running requests finish and ends the process with 0.
`;

/** The first query of a cold process takes 25 ms to plan; of one that has planned for so long, three. */
const warmUpMs = 300;

/** `andon gateway …`: resolves when it listens; the process then runs until SIGTERM or SIGINT. */
export async function runGatewayCommand(argv: string[]): Promise<void> {
  const { values } = parseOptions({
    args: argv,
    options: {
      supergraph: { type: 'string' },
      port: { type: 'string' },
      config: { type: 'string' },
      'development-keys': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return print(gatewayHelp);
  const { port, config: file } = values;
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) <= 65_535)) {
    throw new UsageError(`--port is "${port}". Write a whole number from 0 to 65535.`);
  }
  const read = readGatewayConfig({ file });
  const config = port === undefined ? read : { ...read, port: Number(port) };
  const supergraph = values.supergraph ?? config.supergraph.source;
  if (!supergraph) {
    throw new UsageError('Name the supergraph: andon gateway --supergraph FILE, or supergraph.source in andon.yaml.');
  }
  const runtime = createSystemRuntime({ logLevel: 'info' });
  const identity = await readIdentity(values['development-keys'], runtime);
  const { pollIntervalMs, fetchTimeoutMs } = config.supergraph;
  const source = createSupergraphSource(supergraph, { timers: runtime.timers, timeoutMs: fetchTimeoutMs });
  const gateway = await createGateway({
    supergraphSdl: (await source.read()) ?? '',
    runtime,
    config,
    warmUpMs,
    graphiql: config.introspection ? {} : false,
    ...identity?.options,
  });
  let stopFollowing: (() => void) | undefined;
  await stopOnSignal(() => {
    stopFollowing?.();
    return gateway.drain();
  });
  const { url, metricsUrl } = await gateway.listen();
  const replace = gateway.replaceSupergraph.bind(gateway);
  stopFollowing = followSupergraph({ source, intervalMs: pollIntervalMs, runtime, replace });
  const whoMayAsk = identity?.summary ?? 'no authentication is configured, so it listens on loopback only.';
  const metrics = metricsUrl === undefined ? '' : `andon gateway: metrics at ${metricsUrl}\n`;
  print(`andon gateway: ready at ${url}\nandon gateway: ${whoMayAsk}\n${metrics}`);
  if (values['development-keys'] && isExposed(config)) process.stderr.write(exposedWarning(config));
}

/** Whether others than who is at this machine may ask: directly, or through a proxy. */
const isExposed = ({ host, allowedHosts }: GatewayConfig) => !isLoopback(host) || allowedHosts.length > 0;

const exposedWarning = ({ host }: GatewayConfig) =>
  `andon gateway: WARNING: development keys are in force where other machines may ask (host is ${host}): whoever reads ANDON_DATA_DIR acts as anybody. Set ANDON_JWKS_URL to your identity provider (docs/tokens.md), or leave host and allowedHosts unset.\n`;

interface Identity {
  readonly options: Required<Pick<GatewayOptions, 'authenticate' | 'onAuthorityChange' | 'signInternal'>>;
  readonly summary: string;
}

/** @returns nothing where no keys are in force: the gateway then serves loopback only */
async function readIdentity(developmentKeys: boolean, runtime: Runtime): Promise<Identity | undefined> {
  const config = readAuthConfig();
  if (config.issuers.length === 0 && !developmentKeys) return undefined;
  if (config.issuers.length > 0 && developmentKeys) {
    throw new UsageError('--development-keys cannot stand beside ANDON_JWKS_URL or ANDON_JWKS_FILE. Leave one out.');
  }
  const keys = await createKeys({ config, ...runtime });
  const { clock } = runtime;
  const revocations = await readRevocations(config, runtime);
  const internalTokens = createInternalTokens({ secret: await readInternalSecret(config), clock });
  const callers = createCallerVerifier({
    verifier: createVerifier({ issuers: keys.issuers, clock, revocations }),
    internalTokens,
    usedTokens: new UsedTokens(clock),
  });
  const issuers = keys.issuers.map(({ issuer }) => issuer).join(', ');
  return {
    options: {
      authenticate: (credentials) => callers.verify(credentials),
      onAuthorityChange: (run) => revocations.onChange(run),
      signInternal: (...call) => internalTokens.sign(...call),
    },
    summary:
      keys.inForce === 'PRODUCTION'
        ? `accepts the tokens of ${issuers}.`
        : `accepts development tokens (see "andon token"). Not for production: set ANDON_JWKS_URL there.`,
  };
}

function print(text: string): void {
  process.stdout.write(text);
}

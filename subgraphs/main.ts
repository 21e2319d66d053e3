import { readAuthConfig } from '../auth/config.ts';
import { readInternalSecret } from '../auth/internal-secret.ts';
import { createInternalTokens } from '../auth/internal-token.ts';
import { gatewayAudience } from '../auth/verify-caller.ts';
import { readConfig } from '../config.ts';
import { type Domain, openDomain } from '../domain.ts';
import { parseOptions } from '../runtime/parse-options.ts';
import { stopOnSignal } from '../runtime/process-thread.ts';
import { createSystemRuntime } from '../runtime/system-runtime.ts';
import { UsageError } from '../runtime/usage-error.ts';
import type { Workflows } from '../workflows/create-workflows.ts';
import { createCmmsSubgraph } from './cmms/index.ts';
import type { DomainOptions } from './domain-options.ts';
import { createErpSubgraph } from './erp/index.ts';
import { createMesSubgraph } from './mes/index.ts';
import { createOpsSubgraph } from './ops/index.ts';
import { createQmsSubgraph } from './qms/index.ts';
import { createRemoteGraph } from './remote-graph.ts';
import { type Restoring, restoreInterlocks } from './restore-interlocks.ts';
import { serveSubgraph } from './serving/serve.ts';
import type { Subgraph } from './subgraph.ts';
import { startSettling } from './transitions/settle-loop.ts';

/** Subgraphs that may be served, and what goes on meanwhile. */
export interface OpenSubgraphs {
  readonly subgraphs: readonly Subgraph[];
  readonly restoring: Restoring;
}

/** What waits for a person, as the workflows' store has it. */
type Exceptions = Pick<Workflows, 'exceptions'>;

/** Every subgraph of the manufacturing graph, by the name that `supergraph.yaml` gives it: each opens what is its own. */
const factories = {
  erp: async ({ connectors, ...options }) => createErpSubgraph({ ...options, port: await connectors.erp() }),
  mes: async ({ connectors, ...options }) => createMesSubgraph({ ...options, port: await connectors.mes() }),
  qms: async ({ connectors, ...options }) => createQmsSubgraph({ ...options, port: await connectors.qms() }),
  cmms: async ({ connectors, ...options }) => createCmmsSubgraph({ ...options, port: await connectors.cmms() }),
  ops: async (options, openWorkflows) => createOpsSubgraph({ ...options, ...(await openWorkflows()) }),
} as const satisfies Readonly<
  Record<string, (options: DomainOptions, openWorkflows: () => Promise<Exceptions>) => Promise<Subgraph>>
>;

/** Opens every system, and puts back what must be restricted: who is given these may let anybody in. */
export async function createSubgraphs(options: DomainOptions, workflows: Exceptions): Promise<OpenSubgraphs> {
  const subgraphs: Subgraph[] = [];
  for (const create of Object.values(factories)) subgraphs.push(await create(options, async () => workflows));
  return { subgraphs, restoring: await restoreInterlocks(subgraphs, options) };
}

const names = Object.keys(factories).join(', ');

const help = `andon subgraph NAME: serves one subgraph over HTTP and WebSocket, for a gateway in another process.

  NAME           one of ${names}
  --port N       TCP port, 0 for a free one (default: 4101)
  --gateway URL  the graph, for guards that ask other systems (default: http://127.0.0.1:4000/graphql)
  --help         this text

The settings of "andon up" hold (ANDON_DATA_DIR, DATABASE_URL, ANDON_LANDSCAPE, LOG_LEVEL). ANDON_INTERNAL_SECRET must be
the same in every process. Several processes need DATABASE_URL: they share one journal, or a hold placed through one would
not be seen by the others. The embedded stores open for one process only.
`;

/** `andon subgraph NAME`: resolves when it listens; the process then runs until SIGTERM or SIGINT. */
export async function runSubgraphCommand(argv: string[]): Promise<void> {
  const { values, positionals } = parseOptions({
    args: argv,
    allowPositionals: true,
    options: {
      port: { type: 'string', default: '4101' },
      gateway: { type: 'string', default: 'http://127.0.0.1:4000/graphql' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return;
  }
  const [name = '', ...others] = positionals;
  if (others.length > 0) throw new UsageError('One process serves one subgraph: start another for the next.');
  if (!isName(name)) throw new UsageError(`Name the subgraph: andon subgraph with one of ${names}.`);
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new UsageError(`--port is ${values.port}; write 0 to 65535.`);
  const stop = await serve(name, port, values.gateway);
  await stopOnSignal(stop);
}

async function serve(name: keyof typeof factories, port: number, gateway: string): Promise<() => Promise<void>> {
  const config = readConfig();
  const runtime = createSystemRuntime(config);
  const internalTokens = createInternalTokens({
    secret: await readInternalSecret(readAuthConfig()),
    clock: runtime.clock,
  });
  const sign = internalTokens.sign.bind(internalTokens);
  const graph = createRemoteGraph({
    url: gateway,
    ids: runtime.ids,
    sign: (principal, requestId, body) => sign(principal, requestId, gatewayAudience, body),
  });
  const domain = await openDomain(config, runtime, graph);
  const { subgraph, restoring } = await openSubgraph(name, domain).catch(async (error: unknown) => {
    await domain.close();
    throw error;
  });
  const stopSettling = startSettling(subgraph.executor ? [subgraph.executor] : [], runtime);
  const { problem } = domain;
  const served = await serveSubgraph({
    ...subgraph,
    internalTokens,
    runtime,
    problem,
    note: restoring.unread,
    port,
    host: config.gateway.host,
  });
  process.stdout.write(`andon subgraph ${name}: ready at ${served.url}\n`);
  return async () => {
    await served.drain();
    await stopSettling();
    await restoring.stop();
    await domain.close();
  };
}

async function openSubgraph(name: keyof typeof factories, domain: Domain) {
  const subgraph = await factories[name](domain, domain.openWorkflows);
  return { subgraph, restoring: await restoreInterlocks([subgraph], domain) };
}

function isName(name: string): name is keyof typeof factories {
  return Object.hasOwn(factories, name);
}

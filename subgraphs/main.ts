import { parseArgs } from 'node:util';
import { readAuthConfig } from '../auth/config.ts';
import { readInternalSecret } from '../auth/internal-secret.ts';
import { createInternalTokens } from '../auth/internal-token.ts';
import { readConfig } from '../config.ts';
import type { Systems } from '../connectors/main.ts';
import { openDomain } from '../domain.ts';
import type { Policies } from '../policies/evaluate.ts';
import { createSystemRuntime } from '../runtime/system-runtime.ts';
import type { Workflows } from '../workflows/create-workflows.ts';
import { createCmmsSubgraph } from './cmms/index.ts';
import { createErpSubgraph } from './erp/index.ts';
import { createMesSubgraph } from './mes/index.ts';
import type { OwnedField } from './ops/context.ts';
import { createOpsSubgraph } from './ops/index.ts';
import { createQmsSubgraph } from './qms/index.ts';
import { createRemoteGraph } from './remote-graph.ts';
import { serveSubgraph } from './serve.ts';
import { startSettling } from './settle-loop.ts';
import type { Subgraph, SubgraphOptions } from './subgraph.ts';

export interface DomainOptions extends SubgraphOptions {
  readonly policies: Policies;
  readonly systems: Systems;
  readonly workflows: Pick<Workflows, 'exceptions'>;
  readonly ownership: readonly OwnedField[];
}

/** Every subgraph of the manufacturing graph, by the name that `supergraph.yaml` gives it. */
const factories = {
  erp: ({ systems, ...options }) => createErpSubgraph({ ...options, port: systems.erp }),
  mes: ({ systems, ...options }) => createMesSubgraph({ ...options, port: systems.mes }),
  qms: ({ systems, ...options }) => createQmsSubgraph({ ...options, port: systems.qms }),
  cmms: ({ systems, ...options }) => createCmmsSubgraph({ ...options, port: systems.cmms }),
  ops: ({ workflows, ...options }) => createOpsSubgraph({ ...options, exceptions: workflows.exceptions }),
} as const satisfies Readonly<Record<string, (options: DomainOptions) => Subgraph>>;

export function createSubgraphs(options: DomainOptions): readonly Subgraph[] {
  return Object.values(factories).map((create) => create(options));
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

/** The command line was used wrongly. */
class UsageError extends Error {
  readonly code = 'USAGE';
}

/** `andon subgraph NAME`: resolves when it listens; the process then runs until SIGTERM or SIGINT. */
export async function runSubgraphCommand(argv: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
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
  const [name = ''] = positionals;
  if (!isName(name)) throw new UsageError(`Name the subgraph: andon subgraph with one of ${names}.`);
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new UsageError(`--port is ${values.port}; write 0 to 65535.`);
  const stop = await serve(name, port, values.gateway);
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => void stop().then(() => process.exit(0)));
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
    sign: (principal, requestId, body) => sign(principal, requestId, 'gateway', body),
  });
  const domain = await openDomain(config, runtime, graph);
  const subgraph = factories[name](domain);
  const stopSettling = startSettling(subgraph.executor ? [subgraph.executor] : [], runtime);
  const served = await serveSubgraph({ ...subgraph, internalTokens, runtime, port, host: config.host });
  process.stdout.write(`andon subgraph ${name}: ready at ${served.url}\n`);
  return async () => {
    await served.drain();
    await stopSettling();
    await domain.close();
  };
}

function isName(name: string): name is keyof typeof factories {
  return Object.hasOwn(factories, name);
}

import { readAuthConfig } from '../auth/config.ts';
import { readInternalSecret } from '../auth/internal-secret.ts';
import { createInternalTokens } from '../auth/internal-token.ts';
import { gatewayAudience } from '../auth/verify-caller.ts';
import { readConfig } from '../config.ts';
import { openDomain } from '../domain.ts';
import { parseOptions } from '../runtime/parse-options.ts';
import { stopOnSignal } from '../runtime/process-thread.ts';
import { createSystemRuntime } from '../runtime/system-runtime.ts';
import { UsageError } from '../runtime/usage-error.ts';
import { createRemoteGraph } from '../subgraphs/remote-graph.ts';

const help = `andon workflows: runs what must follow in other systems, in a process of its own.

  --gateway URL  the graph, where transitions are performed (default: http://127.0.0.1:4000/graphql)
  --help         this text

The settings of "andon up" hold (DATABASE_URL, LOG_LEVEL, ANDON_JOURNAL_RETENTION_DAYS). ANDON_INTERNAL_SECRET must be the same in every
process, and DATABASE_URL must be set: workflows follow the journal that the subgraphs write. A second process is a spare:
both try every step, and each step still happens once.
`;

/** `andon workflows`: resolves when it follows the journal; the process then runs until SIGTERM or SIGINT. */
export async function runWorkflowsCommand(argv: string[]): Promise<void> {
  const { values } = parseOptions({
    args: argv,
    options: {
      gateway: { type: 'string', default: 'http://127.0.0.1:4000/graphql' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return;
  }
  if (!URL.canParse(values.gateway)) throw new UsageError(`--gateway is "${values.gateway}"; write an http(s) URL.`);
  const stop = await follow(values.gateway);
  process.stdout.write(`andon workflows: follow the journal, and act at ${values.gateway}\n`);
  await stopOnSignal(stop);
}

async function follow(gateway: string): Promise<() => Promise<void>> {
  const config = readConfig();
  if (config.databaseUrl === undefined) {
    throw new UsageError('Workflows in a process of their own need DATABASE_URL: the journal of the subgraphs.');
  }
  const runtime = createSystemRuntime(config);
  const { clock, ids } = runtime;
  const internalTokens = createInternalTokens({ secret: await readInternalSecret(readAuthConfig()), clock });
  const graph = createRemoteGraph({
    url: gateway,
    ids,
    sign: (principal, requestId, body) => internalTokens.sign(principal, requestId, gatewayAudience, body),
  });
  const domain = await openDomain(config, runtime, graph);
  const workflows = await domain.openWorkflows();
  await workflows.start();
  const stopRetention = domain.startRetention(workflows);
  return async () => {
    await stopRetention();
    await workflows.stop();
    await domain.close();
  };
}

import { isMainThread } from 'node:worker_threads';
import { errorCode } from './runtime/error-code.ts';
import { didYouMean } from './runtime/nearest-names.ts';
import { endProcess, runInThread } from './runtime/process-thread.ts';
import { UsageError } from './runtime/usage-error.ts';
import { growYoungGenerationByNeed } from './runtime/young-generation.ts';

interface CliCommand {
  readonly summary: string;
  /** Room for new objects that it works best with, where Node's own setting (48) is not enough. */
  readonly youngMiB?: number;
  /** Whether it must not leave the main thread, where it cannot have that room. Left out: it may. */
  staysHere?(argv: readonly string[]): Promise<boolean>;
  /** Loads what the command needs, so that one command does not pay for another's imports. A number it resolves to is the exit code. */
  load(): Promise<(argv: string[]) => Promise<unknown>>;
}

const commands: Readonly<Record<string, CliCommand>> = {
  up: {
    summary: 'run everything in one process: gateway, subgraphs, journal, workflows (what `npm start` does)',
    load: async () => (await import('./start.ts')).runUpCommand,
  },
  gateway: {
    summary: 'serve any federation supergraph',
    // With less, fifty large answers in flight are copied again and again, and cost twice as much.
    youngMiB: 192,
    staysHere: async (argv) => (await import('./gateway/commands/speaks-http2.ts')).speaksHttp2(argv),
    load: async () => (await import('./gateway/main.ts')).runGatewayCommand,
  },
  subgraph: {
    summary: 'serve one subgraph over HTTP and WebSocket, for a gateway in another process',
    load: async () => (await import('./subgraphs/main.ts')).runSubgraphCommand,
  },
  workflows: {
    summary: 'run what must follow in other systems, against a gateway in another process',
    load: async () => (await import('./workflows/main.ts')).runWorkflowsCommand,
  },
  compose: {
    summary: 'compose supergraph.yaml into a supergraph, or say what is wrong and where',
    load: async () => (await import('./gateway/commands/compose.ts')).runComposeCommand,
  },
  token: {
    summary: 'make a development token for a role, plant or partner',
    load: async () => (await import('./auth/main.ts')).runTokenCommand,
  },
  subscribe: {
    summary: 'print the events of a subscription, a line each',
    load: async () => (await import('./gateway/commands/subscribe.ts')).runSubscribeCommand,
  },
  'verify-audit': {
    summary: 'recompute the audit chain and say whether any entry was changed, removed or reordered',
    load: async () => (await import('./journal/main.ts')).runVerifyAuditCommand,
  },
  bench: {
    summary: 'measure requests, transitions, delivery of holds, start-up and memory on this machine',
    load: async () => (await import('./bench/main.ts')).runBenchCommand,
  },
  'bench-federation': {
    summary: 'measure the gateway against others on the public federation benchmark',
    load: async () => (await import('./bench/federation/main.ts')).runFederationBenchCommand,
  },
};

function usage(): string {
  const summaries = [
    ...Object.entries(commands).map(([name, { summary }]) => [name, summary] as const),
    // andon.mjs runs it, since it makes what this file is compiled to.
    ['build', 'install and compile what is missing or stale, which every other command does first'] as const,
  ];
  const width = Math.max(...summaries.map(([name]) => name.length));
  const lines = summaries.map(([name, summary]) => `  ${name.padEnd(width)}  ${summary}`);
  return `Usage: andon <command> [options]\n\n${lines.join('\n')}\n\n\`andon <command> --help\` explains a command, \`andon --version\` says which version this is.\n`;
}

/** Runs one command line. An expected failure prints one line and exits 1; wrong usage exits 2. */
async function runCli(argv: readonly string[]): Promise<void> {
  const [name, ...rest] = argv[0] === 'help' && argv[1] !== undefined ? [argv[1], '--help'] : argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(usage());
    return;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) {
    process.stderr.write(
      `andon: there is no command ${name}.${didYouMean(name, [...Object.keys(commands), 'build'])}\n\n${usage()}`,
    );
    process.exitCode = 2;
    return;
  }
  try {
    refuseEmpty(rest);
    const { youngMiB } = command;
    const exitCode =
      youngMiB !== undefined && isMainThread && !(await command.staysHere?.(rest))
        ? await runInThread({ file: new URL(import.meta.url), args: [name, ...rest], youngMiB })
        : await runHere(command, joinNegativeNumbers(rest));
    if (typeof exitCode === 'number') process.exitCode = exitCode;
  } catch (error) {
    reportFailure(name, error);
  }
}

async function runHere({ load, youngMiB }: CliCommand, args: string[]): Promise<unknown> {
  if (youngMiB !== undefined) growYoungGenerationByNeed();
  return (await load())(args);
}

/** What a script made of a variable that is not set: every command would take it for something else. @throws UsageError */
function refuseEmpty(argv: readonly string[]): void {
  for (const [index, argument] of argv.entries()) {
    const before = argv[index - 1];
    const name = argument === '' ? before : /^(--[a-z-]+)=$/.exec(argument)?.[1];
    if (name?.startsWith('--')) throw new UsageError(`${name} is empty. Give it a value, or leave it out.`);
    if (argument === '') throw new UsageError('An argument is empty. Give it a value, or leave it out.');
  }
}

/** `--hours -1` is a wrong value and no option called 1: `parseArgs` takes it only as `--hours=-1`. */
function joinNegativeNumbers(argv: readonly string[]): string[] {
  const joined: string[] = [];
  for (const argument of argv) {
    const option = joined.at(-1);
    if (/^-\d/.test(argument) && option !== undefined && /^--[a-z-]+$/.test(option)) {
      joined[joined.length - 1] = `${option}=${argument}`;
    } else joined.push(argument);
  }
  return joined;
}

/** What to do about errors of the operating system, which say only what happened. */
const remedies: Readonly<Record<string, string>> = {
  EADDRINUSE: '. Stop what listens there, or choose another port: --port where you gave it, else PORT.',
  ENOTFOUND: '. Correct that name: no address is known for it.',
  EAI_AGAIN: '. No name server answers: correct the name, or give an address.',
  ERR_WORKER_OUT_OF_MEMORY: '. Give it more: NODE_OPTIONS=--max-old-space-size=MEGABYTES.',
  EACCES: '. Give this user the right to it, or name another.',
  EPERM: '. Give this user the right to it, or name another.',
  EROFS: '. It cannot be written: name another.',
  ENOENT: '. Correct the path, or make the folder that is missing in it first.',
  ENOTDIR: '. Correct the path: something in it is a file, and no folder.',
  EISDIR: '. Name a file: this is a folder.',
  ENOSPC: '. Make room there, or name another place.',
};

/**
 * Errors with a code are the user's to mend, so they get the sentence; anything else is ours and gets the stack. So do those of
 * Node's own interfaces, which tell of a wrong call.
 */
function reportFailure(name: string, error: unknown): void {
  const code = errorCode(error);
  const isUsage = code === 'USAGE' || (code?.startsWith('ERR_PARSE_ARGS') ?? false);
  const remedy = code === undefined ? undefined : remedies[code];
  const isOurs = code === undefined || (code.startsWith('ERR_') && !isUsage && remedy === undefined);
  const sentence = (told: Error) => (isOurs && told.stack ? told.stack : `${told.message}${remedy ?? ''}`);
  const text = error instanceof Error ? sentence(error) : String(error);
  process.stderr.write(`andon ${name}: ${text}${isUsage ? `\nTry: andon ${name} --help` : ''}\n`);
  // What had been started before the failure would keep the process alive, and look like a running service.
  endProcess(isUsage ? 2 : 1);
}

await runCli(process.argv.slice(2));

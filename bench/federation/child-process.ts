import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

const hasTaskset = spawnSync('taskset', ['-V']).status === 0;

/** How the processes are kept apart, for the report. */
export const pinning = hasTaskset
  ? 'gateway alone on core 1, load and subgraphs on core 0 (taskset)'
  : 'cores shared: taskset is not installed';

/** The command that runs `argv` on one core only, where the system can do that. */
export function onCore(core: number, argv: readonly string[]): readonly string[] {
  return hasTaskset ? ['taskset', '-c', `${core}`, ...argv] : argv;
}

export interface ChildOptions {
  readonly argv: readonly string[];
  readonly core: number;
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Resolves when the process serves. @default its first line on standard output */
  ready?(): Promise<boolean>;
}

/** Starts a process and waits until it serves. @throws Error it ended before */
export async function startChild({ argv, core, cwd, env, ready }: ChildOptions): Promise<ChildProcess> {
  const [command = '', ...args] = onCore(core, argv);
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output = `${output}${chunk}`.slice(-2000);
    });
  }
  const ended = once(child, 'exit').then(() => {
    throw new Error(`${argv.join(' ')} ended before it served:\n${output}`);
  });
  ended.catch(() => undefined);
  await Promise.race([ended, ready ? untilTrue(ready) : once(child.stdout, 'data')]);
  return child;
}

async function untilTrue(ready: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    if (await ready()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('Not ready after a minute.');
}

export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const forced = setTimeout(() => child.kill('SIGKILL'), 5000);
  await ended;
  clearTimeout(forced);
}

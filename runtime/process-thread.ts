import { once } from 'node:events';
import { getHeapStatistics } from 'node:v8';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { isRunByNpx } from './config.ts';

export interface ThreadProgram {
  /** A module that does its work when it is loaded. */
  readonly file: URL;
  /** What it finds in `process.argv`, from index 2 on. */
  readonly args: readonly string[];
  /** Room for new objects in MiB, a third of which V8 calls a semi-space. Node's setting of that wins over this one. */
  readonly youngMiB: number;
}

const MiB = 2 ** 20;
const signals = ['SIGTERM', 'SIGINT'] as const;

/**
 * Runs a program in a thread of this process, because Node takes the size of the young generation on its command line or
 * for a thread, and a program cannot set it for itself. The rest of the heap is as large as this thread's would be.
 * @returns its exit code, once it has ended. @throws what it did not catch
 */
export async function runInThread({ file, args, youngMiB }: ThreadProgram): Promise<number> {
  const maxOldGenerationSizeMb = Math.floor(getHeapStatistics().heap_size_limit / MiB);
  const thread = new Worker(file, {
    argv: [...args],
    resourceLimits: { maxYoungGenerationSizeMb: youngMiB, maxOldGenerationSizeMb },
    stdout: true,
    stderr: true,
  });
  outliveReaders();
  // No pipe: it would end with its reader, and the thread wait for somebody to take what it writes.
  thread.stdout.on('data', (chunk) => process.stdout.write(chunk));
  thread.stderr.on('data', (chunk) => process.stderr.write(chunk));
  const written = Promise.all([once(thread.stdout, 'end'), once(thread.stderr, 'end')]);
  // Signals reach the main thread only. Until the program asks for them they end the process, as they do anywhere.
  thread.once('message', () => {
    onSignal((signal) => thread.postMessage(signal));
    thread.postMessage('signals will be passed on');
  });
  const ended = new Promise<number>((resolve, reject) => {
    thread.once('error', reject);
    thread.once('exit', resolve);
  });
  await Promise.allSettled([ended, written]);
  return ended;
}

/** A service goes on when nobody reads any more what it writes: who looks at its log may leave. */
function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

/** Once: a second signal ends the process at once. */
function onSignal(stop: (signal: string) => void): void {
  const first = (signal: string) => {
    for (const one of signals) process.off(one, first);
    stop(signal);
  };
  for (const signal of signals) process.on(signal, first);
  stopWithNpx();
}

/** npm passes no signal on: it ends, and what it has started would go on for ever and keep its port. */
function stopWithNpx(): void {
  if (!isRunByNpx) return;
  const parent = process.ppid;
  const look = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(look);
    process.kill(process.pid, 'SIGTERM');
  }, 500);
  look.unref();
}

/**
 * Has the process end with 0 after `stop`, when SIGTERM or SIGINT says so. A second signal ends it at once.
 * @returns when that is so: whoever sees the process ready may send one
 */
export async function stopOnSignal(stop: () => Promise<void>): Promise<void> {
  const end = () => void stop().then(() => endProcess(0));
  if (isMainThread || !parentPort) {
    outliveReaders();
    onSignal(end);
    return;
  }
  const port = parentPort;
  await new Promise<void>((resolve) => {
    port.once('message', () => resolve());
    port.postMessage('pass signals on');
  });
  port.once('message', end);
}

/** Ends the process, or the thread that it runs in, when what was written last has been taken. */
export function endProcess(code: number): void {
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
}

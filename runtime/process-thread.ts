import { getHeapStatistics } from 'node:v8';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

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
export function runInThread({ file, args, youngMiB }: ThreadProgram): Promise<number> {
  const maxOldGenerationSizeMb = Math.floor(getHeapStatistics().heap_size_limit / MiB);
  const thread = new Worker(file, {
    argv: [...args],
    resourceLimits: { maxYoungGenerationSizeMb: youngMiB, maxOldGenerationSizeMb },
  });
  // Signals reach the main thread only. Until the program asks for them they end the process, as they do anywhere.
  thread.once('message', () => {
    for (const signal of signals) process.once(signal, () => thread.postMessage(signal));
    thread.postMessage('signals will be passed on');
  });
  return new Promise((resolve, reject) => {
    thread.once('error', reject);
    thread.once('exit', resolve);
  });
}

/**
 * Has the process end with 0 after `stop`, when SIGTERM or SIGINT says so. A second signal ends it at once.
 * @returns when that is so: whoever sees the process ready may send one
 */
export async function stopOnSignal(stop: () => Promise<void>): Promise<void> {
  const end = () => void stop().then(() => endProcess(0));
  if (isMainThread || !parentPort) {
    for (const signal of signals) process.once(signal, end);
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

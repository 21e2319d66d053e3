import type { Writable } from 'node:stream';

const waiting = new WeakMap<Writable, (() => void)[]>();

/** Calls `run` once when the other side has read what waits. Any number may wait for one stream. */
export function onceDrained(stream: Writable, run: () => void): void {
  const known = waiting.get(stream);
  if (known) {
    known.push(run);
    return;
  }
  const all = [run];
  waiting.set(stream, all);
  stream.once('drain', () => {
    waiting.delete(stream);
    for (const one of all) one();
  });
}

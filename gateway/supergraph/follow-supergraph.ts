import { loggedReason } from '../../runtime/logged-reason.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { SupergraphSource } from './supergraph-source.ts';

export interface FollowOptions {
  readonly source: SupergraphSource;
  readonly intervalMs: number;
  readonly runtime: Pick<Runtime, 'timers' | 'log'>;
  /** Takes a new supergraph into use. @throws an error that says why it cannot be used */
  replace(sdl: string): Promise<unknown>;
}

/**
 * Takes each new supergraph of `source` into use. One that cannot be used is refused once, in the log, and the last good
 * one stays; so it does while the source cannot be read, which is said once until it can be again.
 * @returns a function that stops following
 */
export function followSupergraph({ source, intervalMs, runtime, replace }: FollowOptions): () => void {
  const { timers, log } = runtime;
  let stopped = false;
  let isReadable = true;
  let cancel = () => {};

  async function look(): Promise<void> {
    const sdl = await source.read().catch((cause: unknown) => {
      if (isReadable)
        log.warn('supergraph unreadable, the last good one stays', { source: source.name, ...loggedReason(cause) });
      isReadable = false;
      return null;
    });
    if (sdl === null) return;
    if (!isReadable) log.info('supergraph readable again', { source: source.name });
    isReadable = true;
    if (sdl === undefined || stopped) return;
    await replace(sdl).catch((cause: unknown) => {
      log.error('supergraph refused, the last good one stays', { source: source.name, ...loggedReason(cause) });
    });
  }

  function wait(): void {
    cancel = timers.after(intervalMs, () => {
      void look().finally(() => {
        if (!stopped) wait();
      });
    });
  }

  wait();
  return () => {
    stopped = true;
    cancel();
  };
}

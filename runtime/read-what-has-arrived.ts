import type { Timers } from './timers.ts';

/** Counts whatever has come to a server: connections, and requests on them. */
export interface Arrivals {
  readonly arrived: number;
}

/**
 * Before a server stops to listen: closing at once would reset requests that have arrived and were not read yet. A busy
 * machine may have left the process no moment to read during the grace, and a turn of the event loop may accept a single
 * connection: goes on until two turns have brought nothing, or too many have.
 */
export async function readWhatHasArrived(
  server: Arrivals,
  { graceMs, timers }: { readonly graceMs: number; readonly timers: Timers },
): Promise<void> {
  await timers.sleep(graceMs);
  for (let turn = 0, quietTurns = 0; quietTurns < 2 && turn < 1000; turn += 1) {
    const { arrived } = server;
    await timers.sleep(1);
    quietTurns = server.arrived === arrived ? quietTurns + 1 : 0;
  }
}

import type { Runtime } from '../../../runtime/runtime.ts';

/** The shortest silence that is taken for death. */
const shortestMs = 30_000;

export interface HeartbeatWatchOptions {
  readonly runtime: Pick<Runtime, 'clock' | 'timers'>;
  /** Whether nothing is read now: then nothing can be heard. */
  isDeaf(): boolean;
  /** Called once. */
  silent(): void;
}

/**
 * Finds out that a stream is dead from what it was wont to say. A subgraph need not send heartbeats; one that has sent two
 * (many send one at the beginning, whatever follows) sends them for good, and is dead when three in a row are missing.
 */
export class HeartbeatWatch {
  readonly #options: HeartbeatWatchOptions;
  #heardAt: number;
  #lastGapMs = 0;
  #longestGapMs = 0;
  #beats = 0;
  #cancel: () => void = () => undefined;

  constructor(options: HeartbeatWatchOptions) {
    this.#options = options;
    this.#heardAt = options.runtime.clock.monotonic();
  }

  /** Something has come. */
  heard(): void {
    const now = this.#options.runtime.clock.monotonic();
    this.#lastGapMs = now - this.#heardAt;
    this.#heardAt = now;
  }

  /** What was heard last was a heartbeat. */
  beat(): void {
    this.#beats += 1;
    if (this.#beats === 1) return;
    this.#longestGapMs = Math.max(this.#longestGapMs, this.#lastGapMs);
    if (this.#beats === 2) this.#await(this.#limitMs);
  }

  stop(): void {
    this.#cancel();
  }

  get #limitMs(): number {
    return Math.max(shortestMs, 3 * this.#longestGapMs);
  }

  #await(delayMs: number): void {
    this.#cancel = this.#options.runtime.timers.after(delayMs, () => this.#look());
  }

  #look(): void {
    const { isDeaf, runtime, silent } = this.#options;
    const silentMs = isDeaf() ? 0 : runtime.clock.monotonic() - this.#heardAt;
    if (silentMs >= this.#limitMs) silent();
    else this.#await(this.#limitMs - silentMs);
  }
}

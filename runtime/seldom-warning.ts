import type { Runtime } from './runtime.ts';

/** What happens again and again under load is told once in so many milliseconds. */
const silenceMs = 60_000;

/** A warning about many, of which each by itself is nothing to tell. */
export class SeldomWarning {
  readonly #event: string;
  readonly #runtime: Pick<Runtime, 'clock' | 'log'>;
  #silentUntil = Number.NEGATIVE_INFINITY;

  constructor(event: string, runtime: Pick<Runtime, 'clock' | 'log'>) {
    this.#event = event;
    this.#runtime = runtime;
  }

  tell(fields: object): void {
    const now = this.#runtime.clock.monotonic();
    if (now < this.#silentUntil) return;
    this.#silentUntil = now + silenceMs;
    this.#runtime.log.warn(this.#event, { ...fields });
  }
}

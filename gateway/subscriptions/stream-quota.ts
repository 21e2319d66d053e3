import type { Principal } from '../../auth/principal.ts';
import type { SubscriptionsConfig } from '../config.ts';
import { refuse } from '../request/request-error.ts';

/**
 * How many streams there are: operations that run over a transport that streams, of whatever kind, and connections that are
 * there for many of them. One count for all transports, so that nobody gets more by choosing another.
 */
export class StreamQuota {
  readonly #config: Pick<SubscriptionsConfig, 'maxStreams' | 'maxStreamsPerPrincipal'>;
  readonly #byPrincipal = new Map<string, number>();
  #count = 0;

  constructor(config: Pick<SubscriptionsConfig, 'maxStreams' | 'maxStreamsPerPrincipal'>) {
    this.#config = config;
  }

  /** How many there are now. */
  get taken(): number {
    return this.#count;
  }

  /**
   * @param principal absent where nobody is told from anybody: then only the limit of the process holds
   * @returns a function that gives the place back
   * @throws RequestError 429 too many in one name, 503 too many in all
   */
  take(principal: Principal | undefined): () => void {
    const { maxStreams, maxStreamsPerPrincipal } = this.#config;
    const id = principal?.id;
    const own = id === undefined ? 0 : (this.#byPrincipal.get(id) ?? 0);
    if (own >= maxStreamsPerPrincipal) throw refuse(429, 'TOO_MANY_STREAMS', tooManyOfOne);
    if (this.#count >= maxStreams) throw refuse(503, 'TOO_MANY_STREAMS', tooManyOfAll);
    this.#count += 1;
    if (id !== undefined) this.#byPrincipal.set(id, own + 1);
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      this.#count -= 1;
      if (id !== undefined) this.#giveBack(id);
    };
  }

  #giveBack(id: string): void {
    const left = (this.#byPrincipal.get(id) ?? 1) - 1;
    if (left > 0) this.#byPrincipal.set(id, left);
    else this.#byPrincipal.delete(id);
  }
}

const tooManyOfOne = 'Too many streams are open in your name. End some, or share one connection among screens.';
const tooManyOfAll = 'Too many streams are open. Try again later.';

import type { ServerResponse } from 'node:http';
import type { Runtime } from '../../runtime/runtime.ts';
import { SeldomWarning } from '../../runtime/seldom-warning.ts';
import { refuse } from '../request/request-error.ts';

/** Smaller bodies are not counted: connections bound them. */
const largeBytes = 65_536;

/** What large request bodies take of the memory, of all clients together, until their requests are answered. */
export class BodyRoom {
  readonly #maxBytes: number;
  readonly #warning: SeldomWarning;
  #bytes = 0;

  constructor(maxBytes: number, runtime: Pick<Runtime, 'clock' | 'log'>) {
    this.#maxBytes = maxBytes;
    this.#warning = new SeldomWarning('large requests are refused', runtime);
  }

  /** The place of one request's body, until its response has closed. */
  placeFor(response: ServerResponse): BodyPlace {
    let taken = 0;
    return {
      hold: (bytes) => {
        if (bytes <= largeBytes || bytes <= taken) return;
        const more = bytes - taken;
        // One request fits always: it has a limit of its own.
        if (this.#bytes > taken && this.#bytes + more > this.#maxBytes) {
          this.#warning.tell({ maxLargeBodyBytes: this.#maxBytes });
          throw refuse(503, 'GATEWAY_OVERLOADED', 'Large requests take all the room for them. Repeat a little later.');
        }
        if (taken === 0) {
          response.once('close', () => {
            this.#bytes -= taken;
          });
        }
        this.#bytes += more;
        taken = bytes;
      },
    };
  }
}

export interface BodyPlace {
  /** @param bytes of the body so far @throws RequestError 503 there is no room for so many */
  hold(bytes: number): void;
}

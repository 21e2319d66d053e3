import type { ServerResponse } from 'node:http';
import { type Sharing, sharerOf } from '../execution/sharing/sharing.ts';
import { type Leaving, SingleFlight, type SingleFlightOptions } from '../execution/sharing/single-flight.ts';
import type { Cancellation } from '../request/cancellation.ts';
import { isClosed } from '../server/once-closed.ts';
import type { Exchange } from './exchange.ts';
import type { SingleAnswer } from './single-answer.ts';

/**
 * Queries whose requests are equal byte for byte, and under way at the same moment, are answered once: what was made for
 * the first is sent to the others, who are authenticated but cause no other work. What is shared and when it ends is said
 * at `Sharing`; this is the same in front of Apollo Server, whose plugins therefore see the first one only.
 */
export class EqualRequests {
  readonly #answers: SingleFlight<SingleAnswer>;

  constructor(sharing: Pick<Sharing, 'onFence'>, options: Omit<SingleFlightOptions<never>, 'copy'>) {
    this.#answers = new SingleFlight(options);
    sharing.onFence(() => this.#answers.fence());
  }

  /** How many requests got what was made for another. */
  get joined(): number {
    return this.#answers.joined;
  }

  /** @returns everything that can change the answer; undefined where it is not shared */
  keyOf({ request: { headers }, principal, forwarded }: Exchange, body: string): string | undefined {
    // Plans are shown to who asks for them, by a header of Apollo's tools.
    if (headers['apollo-expose-query-plan'] !== undefined) return undefined;
    const who = sharerOf({ principal, forwarded, cancellation: undefined });
    return who === undefined ? undefined : `${who}\n${headers.accept ?? ''}\n${body}`;
  }

  join(key: string, { response, span }: Exchange): Promise<SingleAnswer> | undefined {
    return this.#answers.join(key, whenGone(response), span);
  }

  /** For a query only: a mutation is done as often as it is sent. */
  lead(
    key: string,
    { response, span }: Exchange,
    start: (cancellation: Cancellation) => Promise<SingleAnswer>,
  ): Promise<SingleAnswer> {
    return this.#answers.run({ key, leaving: whenGone(response), span, start });
  }
}

/** Without a `Cancellation` of its own: most answers are sent. */
function whenGone(response: ServerResponse): Leaving {
  return {
    onCancel(run) {
      if (isClosed(response)) {
        run();
        return () => undefined;
      }
      const closed = () => {
        if (!response.writableFinished) run();
      };
      response.on('close', closed);
      return () => void response.off('close', closed);
    },
  };
}

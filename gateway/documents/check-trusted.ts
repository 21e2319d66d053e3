import type { Logger } from '../../runtime/logger.ts';
import { Turns } from '../../runtime/turns.ts';
import { RequestError } from '../request/request-error.ts';

export interface TrustedCheck {
  /** By the manifest's ids. */
  readonly listed: ReadonlyMap<string, string>;
  readonly log: Logger;
  /** @throws RequestError the text would be refused by the supergraph in use */
  check(text: string): void;
}

/** Of the ids that are told. */
const maxIds = 10;
const maxIdLength = 100;
/** Characters of what is wrong with the first one. */
const maxProblem = 300;

/**
 * Tells of trusted documents that clients would be refused, in one line: whoever deployed manifest and supergraph hears of
 * it before they do. It is a warning, because both are deployed one after the other.
 *
 * @returns what begins to look at all of them, one a turn of the event loop; what it has begun before, it gives up
 */
export function createTrustedCheck({ listed, log, check }: TrustedCheck): () => void {
  let looks = 0;
  const look = async () => {
    looks += 1;
    const own = looks;
    const turns = new Turns();
    const unfit: { readonly id: string; readonly problem: string }[] = [];
    for (const [id, text] of listed) {
      await turns.next();
      if (looks !== own) return;
      const problem = problemOf(check, text);
      if (problem !== undefined) unfit.push({ id, problem });
    }
    const [first] = unfit;
    if (!first) return;
    log.warn('trusted documents would be refused', {
      documents: unfit.length,
      ids: unfit.slice(0, maxIds).map(({ id }) => id.slice(0, maxIdLength)),
      problem: first.problem.slice(0, maxProblem),
    });
  };
  return () => void look().catch((cause: unknown) => log.error('trusted documents not checked', { cause }));
}

function problemOf(check: TrustedCheck['check'], text: string): string | undefined {
  try {
    check(text);
    return undefined;
  } catch (cause) {
    if (cause instanceof RequestError) return cause.message;
    throw cause;
  }
}

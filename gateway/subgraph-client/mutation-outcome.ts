import { StatusError } from './attempt-failure.ts';
import { isRepeatable } from './repeatable.ts';
import { SubgraphCallError } from './subgraph-call-error.ts';
import type { SubgraphCall } from './subgraph-client.ts';

const sent = new WeakSet<SubgraphCall>();

/** The mutation begins to leave: from now on nobody here can say that it was not carried out. */
export const mutationSent = (call: SubgraphCall): void => void sent.add(call);

/**
 * The failure of a call, as it is for a mutation: where the subgraph may have carried it out, and has no key by which it would
 * know it again, nobody may be told to just send it again.
 * @param keyName see `isRepeatable`
 */
export function withOutcome(cause: unknown, call: SubgraphCall, keyName: string | undefined): unknown {
  if (!(cause instanceof SubgraphCallError) || !sent.has(call)) return cause;
  const { code, service } = cause;
  const isUnknown = code === 'SUBGRAPH_TIMEOUT' || (code === 'SUBGRAPH_UNAVAILABLE' && !isTurnedAway(cause.cause));
  if (!isUnknown || isRepeatable(call, keyName)) return cause;
  return new SubgraphCallError(code, service, { cause, mayHaveRun: true });
}

/** Who limits requests has not begun this one (RFC 6585, section 4); what stands before a subgraph cannot say that for it. */
const isTurnedAway = (cause: unknown): boolean => cause instanceof StatusError && cause.status === 429;

import type { RequestContext } from '../request/request-context.ts';
import { StatusError } from './attempt-failure.ts';
import type { SubgraphResponse } from './local-subgraph.ts';
import { isRepeatable } from './repeatable.ts';
import { SubgraphCallError } from './subgraph-call-error.ts';
import type { SubgraphCall } from './subgraph-client.ts';

const sent = new WeakSet<SubgraphCall>();
const final = new WeakSet<RequestContext>();

/**
 * Whether a request must not be sent again as a whole: a mutation of it has been carried out, or may have been, and has no key
 * by which the subgraph would know it again.
 */
export const isFinal = (context: RequestContext): boolean => final.has(context);

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
  if (isTurnedAway(cause.cause) || isRepeatable(call, keyName)) return cause;
  final.add(call.context);
  const isUnknown = code === 'SUBGRAPH_TIMEOUT' || code === 'SUBGRAPH_UNAVAILABLE';
  return isUnknown ? new SubgraphCallError(code, service, { cause, mayHaveRun: true }) : cause;
}

/** The answer of a call. A mutation all of whose fields are null has been refused, and its request may be sent again. */
export function mutationAnswered(call: SubgraphCall, { data }: SubgraphResponse, keyName: string | undefined): void {
  if (call.request.operationKind !== 'mutation' || !data || isRepeatable(call, keyName)) return;
  if (Object.values(data).some((value) => value !== null)) final.add(call.context);
}

/** Who limits requests has not begun this one (RFC 6585, section 4); what stands before a subgraph cannot say that for it. */
const isTurnedAway = (cause: unknown): boolean => cause instanceof StatusError && cause.status === 429;

import type { Principal } from '../../../auth/principal.ts';
import type { Clock } from '../../../runtime/clock.ts';
import type { GatewayConfig } from '../../config.ts';
import { authorityOf } from '../../request/authority.ts';
import type { RequestContext } from '../../request/request-context.ts';
import type { AnswerRoom } from '../../subgraph-client/answer-room.ts';
import type { SubgraphResponse } from '../../subgraph-client/local-subgraph.ts';
import type { SubgraphCall, SubgraphClient } from '../../subgraph-client/subgraph-client.ts';
import type { OperationAnswer } from '../answer.ts';
import type { Variables } from '../compiled-operation.ts';
import { copyData } from '../copy-data.ts';
import { SingleFlight } from './single-flight.ts';

/**
 * Equal queries that run at the same moment share their work: whole answers, or single calls to a subgraph.
 *
 * Equal means the same operation, variables, principal and forwarded headers. Mutations never share, nor do the calls that follow one in
 * its plan. A query that comes after a mutation was answered, or after an event was delivered, never joins one that
 * started before: through one gateway everybody reads what they wrote. Workflows act on what they read and may learn of
 * it elsewhere, so they always read anew. Nor is joined what has run for so long that it may hang.
 */
export interface Sharing {
  shareAnswer(request: AnswerRequest): Promise<OperationAnswer>;
  /** @throws SubgraphCallError */
  call(client: SubgraphClient, call: SubgraphCall): Promise<SubgraphResponse>;
  /** A key for one compiled operation. */
  nextOperation(): string;
  /** Something has happened: nobody joins what started before. */
  fence(): void;
  /** How often equal work was joined. */
  joined(): { readonly answers: number; readonly calls: number };
  /** Calls `run` at each fence. */
  onFence(run: () => void): void;
}

export interface AnswerRequest {
  /** Of `nextOperation`. */
  readonly operation: string;
  readonly variables: Variables;
  readonly context: RequestContext;
  run(context: RequestContext): Promise<OperationAnswer>;
}

export function createSharing(
  { sharing, subgraphs }: Pick<GatewayConfig, 'sharing' | 'subgraphs'>,
  clock: Pick<Clock, 'monotonic'>,
  room: Pick<AnswerRoom, 'copy'>,
): Sharing {
  const options = { clock, joinableMs: subgraphs.breakerSlowMs };
  const answers = new SingleFlight<OperationAnswer>(options);
  const calls = new SingleFlight<SubgraphResponse>({
    ...options,
    copy: (response) => room.copy(response, copyResponse),
  });
  const listeners: (() => void)[] = [];
  const clientKeys = new WeakMap<SubgraphClient, string>();
  let lastKey = 0;
  const nextKey = () => {
    lastKey += 1;
    return `${lastKey}`;
  };
  // One address has one client, also over several supergraphs: a name alone could mean either address.
  const keyOf = (client: SubgraphClient): string => {
    const known = clientKeys.get(client);
    if (known !== undefined) return known;
    const key = nextKey();
    clientKeys.set(client, key);
    return key;
  };
  return {
    nextOperation: nextKey,
    shareAnswer({ operation, variables, context, run }) {
      const who = sharing.router ? sharerOf(context) : undefined;
      if (who === undefined) return run(context);
      return answers.run({
        key: `${operation}\n${who}\n${JSON.stringify(variables)}`,
        leaving: context.cancellation,
        span: context.span,
        start: (cancellation) => run({ ...context, cancellation }),
      });
    },
    call(client, call) {
      const { request, variables, context } = call;
      const who = sharing.subgraph && request.operationKind === 'query' ? sharerOf(context) : undefined;
      if (who === undefined || client.mayShare?.() === false) return client.execute(call);
      return calls.run({
        key: `${keyOf(client)}\n${who}\n${request.bodyHead}${variables}`,
        leaving: context.cancellation,
        span: context.span,
        start: (cancellation) => client.execute({ ...call, context: { ...context, cancellation } }),
      });
    },
    fence() {
      answers.fence();
      calls.fence();
      for (const run of listeners) run();
    },
    joined: () => ({ answers: answers.joined, calls: calls.joined }),
    onFence: (run) => void listeners.push(run),
  };
}

const keys = new WeakMap<Principal, string>();

/**
 * @returns who asks, as a key: equal for equal authority of the same principal, who sent the same for the subgraphs; undefined
 * where nothing is shared
 */
export function sharerOf({
  principal,
  cancellation,
  forwarded,
  mayShare,
}: Pick<RequestContext, 'principal' | 'cancellation' | 'forwarded' | 'mayShare'>): string | undefined {
  if (mayShare === false || cancellation?.aborted) return undefined;
  const sent = forwarded?.key ?? '';
  if (!principal) return sent;
  if (principal.kind === 'WORKFLOW') return undefined;
  let key = keys.get(principal);
  if (key === undefined) {
    key = JSON.stringify(authorityOf(principal, 'principal'));
    keys.set(principal, key);
  }
  return sent === '' ? key : `${key}\n${sent}`;
}

/** Runs merge into what subgraphs answered: each needs an answer of its own. */
const copyResponse = (response: SubgraphResponse) => copyData(response) as SubgraphResponse;

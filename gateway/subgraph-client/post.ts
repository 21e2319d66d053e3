import type { Pool } from 'undici';
import type { Cancellation } from '../request/cancellation.ts';
import { forwardedTo } from '../request/forwarded-headers.ts';
import { longBytes } from './answer-room.ts';
import { StatusError } from './attempt-failure.ts';
import { exchange } from './exchange.ts';
import { isSigned } from './is-signed.ts';
import type { SubgraphResponse } from './local-subgraph.ts';
import { mutationSent } from './mutation-outcome.ts';
import { parseBody } from './parse-body.ts';
import { readResponse } from './read-response.ts';
import type { RemoteOptions } from './remote-options.ts';
import { codeForStatus, isAnswer } from './status-code.ts';
import { SubgraphCallError } from './subgraph-call-error.ts';
import type { SubgraphCall } from './subgraph-client.ts';
import { whatItSaid } from './what-it-said.ts';

/** Sends a call once. @throws SubgraphCallError, StatusError as its cause where the status tells of no answer */
export async function post(
  options: RemoteOptions,
  pool: Pool,
  path: string,
  call: SubgraphCall,
  cancellation: Cancellation,
): Promise<SubgraphResponse> {
  const { service, authorize, forwarding } = options;
  const { requestId } = call.context;
  const body = `${call.request.bodyHead}${call.variables}}`;
  const authorization = authorize(call, body);
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json',
    ...(options.config.compression && packs),
    'x-request-id': requestId,
    ...(authorization !== undefined && { authorization }),
    ...forwardedTo(forwarding, call.context.forwarded),
  };
  const { room } = options;
  const kind = call.request.operationKind;
  const maxBytes = options.config.maxResponseBytes;
  const sending = kind === 'mutation' ? () => mutationSent(call) : undefined;
  const request = { kind, path, headers, body, maxBytes, sending };
  const { statusCode, text, taken } = await exchange(pool, request, cancellation, room);
  call.context.span?.tell({ 'http.response.status_code': statusCode });
  if (text.length > longBytes) await room.turns.next();
  room.giveBack(taken);
  const parsed = parseBody(text);
  if (statusCode < 300 || isAnswer(statusCode, parsed, isSigned(options, call))) {
    try {
      return readResponse(service, parsed, text);
    } catch (cause) {
      tellOf({ statusCode, text, parsed }, 'subgraph gave no graphql answer', options, requestId);
      throw cause;
    }
  }
  tellOf({ statusCode, text, parsed }, 'subgraph answered with an error status', options, requestId);
  const cause = new StatusError(statusCode);
  throw new SubgraphCallError(codeForStatus(statusCode), service, { cause, status: statusCode });
}

interface Unused {
  readonly statusCode: number;
  readonly text: string;
  readonly parsed: unknown;
}

/** Tells the log of an answer that is not used. */
function tellOf(
  { statusCode, text, parsed }: Unused,
  event: string,
  { service, runtime }: RemoteOptions,
  requestId: string,
): void {
  const fields = { statusCode, characters: text.length, ...whatItSaid(text, parsed) };
  runtime.log.warn(event, { subgraph: service, requestId, ...fields });
}

const packs = { 'accept-encoding': 'gzip, br' };

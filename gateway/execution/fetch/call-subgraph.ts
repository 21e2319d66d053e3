import type { Clock } from '../../../runtime/clock.ts';
import { isoTime } from '../../../runtime/clock.ts';
import { kindOf } from '../../../runtime/kind-of.ts';
import { type AnswerRoom, noRoom } from '../../subgraph-client/answer-room.ts';
import { isPlain } from '../../subgraph-client/is-plain.ts';
import type { SubgraphResponse } from '../../subgraph-client/local-subgraph.ts';
import { SubgraphCallError } from '../../subgraph-client/subgraph-call-error.ts';
import type { PreparedRequest, SubgraphClient } from '../../subgraph-client/subgraph-client.ts';
import type { TypeIndex } from '../../supergraph/load-supergraph.ts';
import type { SubgraphTypes } from '../../supergraph/subgraph-types.ts';
import { Failure, maxErrors } from '../failure.ts';
import type { ResponseObject } from '../response-data.ts';
import type { Run } from '../run.ts';
import type { Sharing } from '../sharing/sharing.ts';
import { placeError } from './place-error.ts';
import {
  callErrorToFieldError,
  callFailure,
  type ErrorExposure,
  type ReadableError,
  toClientErrors,
} from './subgraph-error.ts';

/** What compiled plans need from outside. */
export interface ExecutionScope {
  readonly types: TypeIndex;
  readonly requirements: Pick<SubgraphTypes, 'requirementOf' | 'keysOf'>;
  readonly clock: Clock;
  readonly exposure: ErrorExposure;
  readonly sharing: Sharing;
  readonly room: AnswerRoom;
  /** Whether places that wait for one entity may get the same objects. */
  readonly sharesObjects: boolean;
  client(service: string): SubgraphClient;
}

/** An answer with its errors put where they belong; `failure` says why there is no data at all. */
export interface SubgraphAnswer {
  readonly data: ResponseObject | undefined;
  readonly failure: Failure | undefined;
}

/** Calls one subgraph. Never rejects because of the subgraph: what went wrong is in the answer. */
export async function callSubgraph(
  scope: ExecutionScope,
  client: SubgraphClient,
  request: PreparedRequest,
  variables: string,
  run: Run,
): Promise<SubgraphAnswer> {
  try {
    const response = await scope.sharing.call(client, { request, variables, context: run.context });
    if (!scope.room.hold(run, response, request.operationKind)) throw noRoom(request.operationKind, client.service);
    return readAnswer(scope, client.service, response, run);
  } catch (cause) {
    if (!(cause instanceof SubgraphCallError)) throw cause;
    run.consulted(client.service, isoTime(scope.clock.now()), false);
    return { data: undefined, failure: new Failure([callErrorToFieldError(cause, run.context)]) };
  }
}

/** Reads one response, or one event of a stream. */
export function readAnswer(
  scope: ExecutionScope,
  service: string,
  response: SubgraphResponse,
  run: Run,
): SubgraphAnswer {
  const { data, errors, extensions } = response;
  if (!response[isPlain]) run.isPlain = false;
  const asOf = extensions?.['asOf'];
  const failed = errors !== undefined && errors.length > 0;
  run.consulted(service, typeof asOf === 'string' ? asOf : isoTime(scope.clock.now()), data != null);
  const source = { service, context: run.context };
  const readable = failed ? toClientErrors(errors.slice(0, maxErrors), source, scope.exposure) : [];
  if (data === null || data === undefined) {
    if (!failed)
      run.misfit({ services: [service], path: [], field: 'data', expected: 'an object', given: kindOf(data) });
    return { data: undefined, failure: failureOf(readable, service) };
  }
  for (const { error, shown } of readable) {
    if (!placeError(data, error.path, shown)) run.report(shown);
  }
  return { data, failure: undefined };
}

function failureOf(readable: readonly ReadableError[], service: string): Failure {
  if (readable.length === 0) return callFailure('SUBGRAPH_MALFORMED_RESPONSE', service);
  return new Failure(
    readable.map(({ error, shown }) => ({ ...shown, below: Array.isArray(error.path) ? error.path : [] })),
  );
}

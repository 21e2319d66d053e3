import type { GraphQLFormattedError } from 'graphql';
import { BoundedCache } from '../../runtime/bounded-cache.ts';
import { type Clock, isoTime } from '../../runtime/clock.ts';
import { callErrorToFieldError, type ErrorExposure, toClientErrors } from '../execution/fetch/subgraph-error.ts';
import type { Run } from '../execution/run.ts';
import type { Sharing } from '../execution/sharing/sharing.ts';
import type { RequestContext } from '../request/request-context.ts';
import { type AnswerRoom, noRoom } from '../subgraph-client/answer-room.ts';
import type { SubgraphResponse } from '../subgraph-client/local-subgraph.ts';
import { SubgraphCallError } from '../subgraph-client/subgraph-call-error.ts';
import { type PreparedRequest, prepareRequest, type SubgraphClient } from '../subgraph-client/subgraph-client.ts';
import type { SubgraphDataSource } from './load-apollo-gateway.ts';

export interface DataSourceScope {
  readonly clock: Clock;
  readonly exposure: ErrorExposure;
  readonly sharing: Sharing;
  readonly room: AnswerRoom;
  readonly client: SubgraphClient;
}

/** Bytes of request texts that are kept ready for one subgraph. */
const maxPreparedBytes = 4_194_304;

/**
 * Calls one subgraph for Apollo's executor with the client that the native engine uses: in process or remote, with
 * deadline, repetition, breaker, signature, masking and request id. The call's `context` is the `Run`.
 */
export function createDataSource({ clock, exposure, sharing, room, client }: DataSourceScope): SubgraphDataSource {
  const { service } = client;
  const prepared = new BoundedCache<PreparedRequest>(maxPreparedBytes);
  const prepare = (operation: string, operationName: string | undefined) => {
    const known = prepared.get(operation);
    if (known) return known;
    const operationKind = operation.startsWith('mutation') ? 'mutation' : 'query';
    const made = prepareRequest({ operationKind, operation, operationName, variables: [] });
    prepared.set(operation, made, 4 * operation.length);
    return made;
  };
  const asClientsRead = (errors: readonly GraphQLFormattedError[], context: RequestContext): GraphQLFormattedError[] =>
    toClientErrors(errors, { service, context }, exposure).map(
      ({ error: { path }, shown: { message, extensions } }) => ({
        message,
        extensions,
        ...(Array.isArray(path) && { path }),
      }),
    );
  const read = ({ data, errors = [], extensions }: SubgraphResponse, run: Run) => {
    const asOf = extensions?.['asOf'];
    const isObject = typeof data === 'object' && data !== null;
    run.consulted(service, typeof asOf === 'string' ? asOf : isoTime(clock.now()), errors.length === 0 || isObject);
    if (!isObject && errors.length === 0) throw new SubgraphCallError('SUBGRAPH_MALFORMED_RESPONSE', service);
    return {
      data: isObject ? data : null,
      ...(errors.length > 0 && { errors: asClientsRead(errors, run.context) }),
    };
  };
  return {
    async process({ request, context }) {
      const run = context as Run;
      const call = {
        request: prepare(request.query, request.operationName),
        variables: JSON.stringify(request.variables ?? {}),
        context: run.context,
      };
      try {
        const response = await sharing.call(client, call);
        const kind = call.request.operationKind;
        if (!room.hold(run, response, kind)) throw noRoom(kind, service);
        return read(response, run);
      } catch (cause) {
        if (!(cause instanceof SubgraphCallError)) throw cause;
        run.consulted(service, isoTime(clock.now()), false);
        const { message, extensions } = callErrorToFieldError(cause, run.context);
        return { data: null, errors: [{ message, extensions }] };
      }
    },
  };
}

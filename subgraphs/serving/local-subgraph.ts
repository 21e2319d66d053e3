import { createSourceEventStream, execute, type GraphQLFormattedError } from 'graphql';
import type { Principal } from '../../auth/principal.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Subgraph, SubgraphCall } from '../subgraph.ts';
import { maskErrors } from './mask-errors.ts';
import { createOperationPreparer, operationType } from './prepare-operation.ts';
import { createResponseStream } from './response-stream.ts';
import type { SubgraphResponse } from './subgraph-response.ts';

/** One operation of the gateway. */
export interface SubgraphRequest {
  readonly query: string;
  readonly operationName?: string;
  readonly variables?: Record<string, unknown>;
  /** Who asks. Nobody: the request is refused. */
  readonly principal: Principal | undefined;
  readonly requestId: string;
  readonly signal?: AbortSignal;
}

/** A subgraph in this process. Neither call rejects: what fails is in `errors`, masked. */
export interface LocalSubgraph {
  execute(request: SubgraphRequest): Promise<SubgraphResponse>;
  subscribe(request: SubgraphRequest): Promise<AsyncIterableIterator<SubgraphResponse> | SubgraphResponse>;
}

export interface LocalSubgraphOptions extends Pick<Subgraph, 'name' | 'schema' | 'createContext'> {
  readonly log: Logger;
}

/** What kept the events from being opened, as it was thrown. */
interface Failure {
  readonly errors: readonly unknown[];
}

/** Runs the operations of a gateway on one subgraph, without a network in between. */
export function createLocalSubgraph(options: LocalSubgraphOptions): LocalSubgraph {
  const { name, schema, createContext, log } = options;
  const prepare = createOperationPreparer(schema);

  const mask = (errors: readonly unknown[], { requestId }: Pick<SubgraphCall, 'requestId'>) =>
    maskErrors(errors, { subgraph: name, requestId, log });

  /** The arguments that graphql-js takes, or the reason why the request is not run. */
  function begin(request: SubgraphRequest, isSubscription: boolean) {
    const { query, operationName, variables: variableValues } = request;
    if (!request.principal) return { errors: [unauthenticated] };
    const prepared = prepare(query);
    if ('errors' in prepared) return prepared;
    const type = operationType(prepared.document, operationName);
    if (type === null || (type === 'subscription') !== isSubscription) return { errors: [wrongOperation] };
    return { schema, document: prepared.document, operationName, variableValues, principal: request.principal };
  }

  type Args = Exclude<ReturnType<typeof begin>, { readonly errors: unknown }>;

  /** Runs one selection in a context of its own, so that an event is never answered from the loads of another. */
  async function run(args: Args, call: SubgraphCall, rootValue?: unknown): Promise<SubgraphResponse> {
    try {
      const contextValue = createContext(call);
      const { data, errors } = await execute({ ...args, rootValue, contextValue });
      return {
        ...(data === undefined ? {} : { data }),
        ...(errors ? { errors: mask(errors, call) } : {}),
        ...extensionsOf(contextValue),
      };
    } catch (error) {
      return { data: null, errors: mask([error], call) };
    }
  }

  async function openEvents(args: Args, call: SubgraphCall): Promise<AsyncIterable<unknown> | Failure> {
    try {
      const opened = await createSourceEventStream({ ...args, contextValue: createContext(call) });
      return Symbol.asyncIterator in opened ? opened : { errors: opened.errors ?? [] };
    } catch (error) {
      return { errors: [error] };
    }
  }

  return {
    async execute(request) {
      const args = begin(request, false);
      if ('errors' in args) return args;
      const { requestId, signal = new AbortController().signal } = request;
      return run(args, { principal: args.principal, requestId, signal });
    },
    async subscribe(request) {
      const args = begin(request, true);
      if ('errors' in args) return args;
      const controller = linkedController(request.signal);
      const call = { principal: args.principal, requestId: request.requestId, signal: controller.signal };
      const events = await openEvents(args, call);
      if (!(Symbol.asyncIterator in events)) return { data: null, errors: mask(events.errors, call) };
      return createResponseStream({
        events: events[Symbol.asyncIterator](),
        respond: (event) => run(args, call, event),
        failed: (error) => ({ data: null, errors: mask([error], call) }),
        stop: () => controller.abort(),
      });
    },
  };
}

const unauthenticated: GraphQLFormattedError = {
  message: 'This request says nothing about who asks. Send a token.',
  extensions: { code: 'UNAUTHENTICATED' },
};

const wrongOperation: GraphQLFormattedError = {
  message: 'The document has no single operation of that name and kind. Name one; send subscriptions as subscriptions.',
  extensions: { code: 'OPERATION_RESOLUTION_FAILURE' },
};

function extensionsOf(context: object): Pick<SubgraphResponse, 'extensions'> {
  if (!('extensions' in context) || typeof context.extensions !== 'object' || context.extensions === null) return {};
  const extensions = context.extensions as Record<string, unknown>;
  return Object.keys(extensions).length > 0 ? { extensions } : {};
}

/** Aborts with `outer`, and can be aborted before it. */
function linkedController(outer: AbortSignal | undefined): AbortController {
  const controller = new AbortController();
  const abort = () => controller.abort();
  if (outer?.aborted) abort();
  outer?.addEventListener('abort', abort, { once: true, signal: controller.signal });
  return controller;
}

import type { ApolloServerPlugin, ApolloServer as Server } from '@apollo/server';
import { buildSchema, type FormattedExecutionResult, type GraphQLFormattedError } from 'graphql';
import type { Logger } from '../../runtime/logger.ts';
import type { GatewayConfig } from '../config.ts';
import type { OperationAnswer } from '../execution/answer.ts';
import type { AnswerWriter, ShownPlan } from '../execution/write/answer-writer.ts';
import { asksForPlan, showPlan } from '../execution/write/show-plan.ts';
import { isStackOverflow, isTokenLimit, nestedTooDeep, tokenLimitExceeded } from '../limits/parse-document.ts';
import type { OperationPreparer } from '../preparation/operation-preparer.ts';
import type { RequestContext } from '../request/request-context.ts';
import { internalError, RequestError, refuse } from '../request/request-error.ts';
import { tellWatchers } from '../telemetry/told-errors.ts';
import {
  ApolloServer,
  ApolloServerErrorCode,
  ApolloServerPluginLandingPageDisabled,
  HeaderMap,
} from './apollo-library.ts';
import { createDocumentStore } from './document-store.ts';

/** What travels with one request through Apollo Server. */
export interface ServerContext {
  readonly request: RequestContext;
}

export type GraphQLServer = Server<ServerContext>;

export interface ServerOptions {
  readonly preparer: OperationPreparer;
  readonly config: GatewayConfig;
  readonly log: Logger;
  readonly answers: AnswerWriter;
}

/**
 * Apollo Server wants one, and only prints it: what is asked is validated and run by the preparer, whose schema may be
 * replaced. Printing the real one takes long, and fails where a custom scalar has an object for its default value.
 */
const unread = buildSchema('type Query { _: Boolean }');

/**
 * Apollo Server gives GraphQL over HTTP, CSRF prevention and its plugins. Validation is left to the preparer, which
 * limits first and remembers; execution to the compiled operation.
 */
export async function createApolloServer({ preparer, config, log, answers }: ServerOptions): Promise<GraphQLServer> {
  const { maxTokens } = config.limits;
  const server = new ApolloServer<ServerContext>({
    schema: unread,
    plugins: [answerWith({ preparer, config, log }), ApolloServerPluginLandingPageDisabled()],
    logger: {
      debug: () => undefined,
      info: () => undefined,
      warn: (message) => log.warn('apollo server', { message }),
      error: (message) => log.error('apollo server', { message }),
    },
    nodeEnv: 'production',
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    // About as many as are kept planned.
    documentStore: createDocumentStore(config.planCacheBytes / 8),
    persistedQueries: false,
    stopOnTerminationSignals: false,
    includeStacktraceInErrorResponses: false,
    dangerouslyDisableValidation: true,
    parseOptions: { maxTokens },
    formatError: (formatted, cause) => asClientsRead(formatted, cause, maxTokens),
    stringifyResult: ({ data, errors = [] }) =>
      data instanceof WrittenData ? answers.response(data.answer, data.shown) : answers.refusal(errors),
  });
  await server.start();
  return server;
}

/** What Apollo Server itself refuses, or fails at, in the words of this gateway. */
function asClientsRead(formatted: GraphQLFormattedError, cause: unknown, maxTokens: number): GraphQLFormattedError {
  if (isTokenLimit(formatted)) return errorOf(tokenLimitExceeded(maxTokens));
  if (isStackOverflow(cause)) return errorOf(nestedTooDeep());
  // It has logged what it was.
  if (formatted.extensions?.['code'] === ApolloServerErrorCode.INTERNAL_SERVER_ERROR) return internalError();
  return formatted.message.startsWith('GET requests only') ? errorOf(noQueryOverGet()) : formatted;
}

const errorOf = ({ message, errors }: RequestError): GraphQLFormattedError => errors[0]?.toJSON() ?? { message };

/** Apollo Server refuses it with the status alone. */
const noQueryOverGet = () =>
  refuse(405, 'METHOD_NOT_ALLOWED', 'GET is for queries. Send mutations with POST, and subscribe over a stream.');

/** Rides in the place of `data`: Apollo copies the result object around it, but hands `data` on as it is. */
class WrittenData {
  readonly answer: OperationAnswer;
  readonly shown: ShownPlan | undefined;

  constructor(answer: OperationAnswer, shown: ShownPlan | undefined) {
    this.answer = answer;
    this.shown = shown;
  }
}

function answerWith({ preparer, config, log }: Omit<ServerOptions, 'answers'>): ApolloServerPlugin<ServerContext> {
  return {
    requestDidStart: async () => ({
      async didEncounterErrors({ errors, contextValue: { request } }) {
        tellWatchers(
          request,
          errors.map((error) => asClientsRead(error.toJSON(), error, config.limits.maxTokens)),
        );
      },
      async responseForOperation({ source, document, request, contextValue }) {
        const { span } = contextValue.request;
        try {
          const operation = await preparer.prepare(source, request.operationName, { document, span });
          if (operation.kind === 'subscription') throw needsStream();
          const variables = operation.coerceVariables(request.variables ?? {});
          const answer = await operation.execute(variables, contextValue.request);
          const header = request.http?.headers.get('apollo-expose-query-plan');
          const isShown = config.exposeQueryPlans && asksForPlan({ extensions: request.extensions, header });
          const data = new WrittenData(answer, isShown ? showPlan(operation, variables, answer) : undefined);
          return singleResponse(200, { data: data as unknown as Record<string, unknown> });
        } catch (cause) {
          const refusal = isStackOverflow(cause) ? nestedTooDeep() : cause;
          if (refusal instanceof RequestError) {
            tellWatchers(contextValue.request, refusal.formatted);
            return singleResponse(refusal.status, { errors: refusal.formatted });
          }
          const { requestId } = contextValue.request;
          log.error('request failed', { requestId, cause });
          const errors = [internalError(requestId)];
          tellWatchers(contextValue.request, errors);
          return singleResponse(500, { errors });
        }
      },
    }),
  };
}

function needsStream(): RequestError {
  const remedy = 'Subscribe over WebSocket (graphql-transport-ws) at the same path, or accept text/event-stream.';
  return refuse(400, 'SUBSCRIPTION_NEEDS_STREAM', `A subscription does not fit into one HTTP response. ${remedy}`);
}

function singleResponse(status: number, singleResult: FormattedExecutionResult) {
  return { http: { status, headers: new HeaderMap() }, body: { kind: 'single' as const, singleResult } };
}

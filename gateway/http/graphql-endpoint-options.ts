import type { GatewayConfig } from '../config.ts';
import type { DocumentSource } from '../documents/document-source.ts';
import type { AnswerWriter } from '../execution/write/answer-writer.ts';
import type { UnsentAnswers } from '../server/unsent-answers.ts';
import type { AcceptedFormats } from './accepted-formats.ts';
import type { GraphQLServer } from './apollo-server.ts';
import type { BodyRoom } from './body-room.ts';
import type { EqualRequests } from './equal-requests.ts';
import type { Exchange } from './exchange.ts';
import type { OperationParams } from './operation-params.ts';
import type { RequestedOperations } from './requested-operations.ts';

/** What answers requests: one, several in a batch, or a stream. */
export interface GraphQLEndpointOptions {
  readonly server: GraphQLServer;
  readonly documents: DocumentSource;
  readonly operations: RequestedOperations;
  readonly streams: AnswersInStreams;
  /** Absent where equal requests do not share their answer. */
  readonly equals: EqualRequests | undefined;
  readonly answers: AnswerWriter;
  readonly bodies: BodyRoom;
  readonly unsent: UnsentAnswers;
  readonly config: GatewayConfig;
}

/**
 * Answers that stay open: one operation's, or those of all that a client starts with the token of one stream (`graphql-sse`).
 * Each throws RequestError.
 */
export interface AnswersInStreams {
  answer(exchange: Exchange, accepted: AcceptedFormats, params: OperationParams): Promise<void>;
  reserve(exchange: Exchange): Promise<void>;
  open(exchange: Exchange, token: string): Promise<void>;
  start(exchange: Exchange, token: string, params: OperationParams): Promise<void>;
  stop(exchange: Exchange, token: string | undefined): Promise<void>;
}

import type { GraphQLFormattedError } from 'graphql';
import type { AnswerWriter } from '../execution/write/answer-writer.ts';
import { multipartEnd, multipartMixed, multipartPart } from '../http/multipart.ts';
import type { OperationSink } from '../subscriptions/run-operation.ts';
import type { HttpStream } from './http-stream.ts';

/** Apollo's: https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol */
export const multipartType = `${multipartMixed};subscriptionSpec=1.0`;

export const multipartHeartbeat = multipartPart('{}');

/** Errors beside an absent payload are the transport's word that this was the last part. */
export const failedParts = (answers: AnswerWriter, errors: readonly GraphQLFormattedError[]) =>
  multipartPart(`{"payload":null,"errors":${answers.errorList(errors)}}`) + multipartEnd;

export function multipartSink(stream: HttpStream, answers: AnswerWriter): OperationSink {
  return {
    next: (body) => stream.write(multipartPart(`{"payload":${body}}`)),
    fail: (errors) => stream.end(failedParts(answers, errors)),
    complete: () => stream.end(multipartEnd),
    isCongested: () => stream.isCongested(),
    onceRelieved: (run) => stream.onceRelieved(run),
  };
}

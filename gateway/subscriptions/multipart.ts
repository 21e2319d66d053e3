import type { GraphQLFormattedError } from 'graphql';
import { writeErrorBody } from '../execution/response-body.ts';
import type { HttpStream } from './http-stream.ts';
import type { OperationSink } from './run-operation.ts';

/** Apollo's: https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol */
export const multipartType = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0';

/** Each part is followed by the next boundary at once: clients read a part only when they see where it ends. */
export const multipartPart = (json: string) =>
  `\r\ncontent-type: application/json; charset=utf-8\r\n\r\n${json}\r\n--graphql`;

export const multipartStart = '\r\n--graphql';
export const multipartHeartbeat = multipartPart('{}');
export const multipartEnd = '--\r\n';

/** Errors beside an absent payload are the transport's word that this was the last part. */
export const failedParts = (errors: readonly GraphQLFormattedError[]) =>
  multipartPart(`{"payload":null,${writeErrorBody(errors).slice(1)}`) + multipartEnd;

export function multipartSink(stream: HttpStream): OperationSink {
  return {
    next: (body) => stream.write(multipartPart(`{"payload":${body}}`)),
    fail: (errors) => stream.end(failedParts(errors)),
    complete: () => stream.end(multipartEnd),
    isCongested: () => stream.isCongested(),
    onceRelieved: (run) => stream.onceRelieved(run),
  };
}

import type { GraphQLFormattedError } from 'graphql';
import { writeErrorBody } from '../response-body.ts';
import type { HttpStream } from './http-stream.ts';
import type { OperationSink } from './run-operation.ts';

/** Server-sent events as `graphql-sse` has them: https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md */
export const eventStreamType = 'text/event-stream; charset=utf-8';

/** A comment: keeps the connection alive, and some browsers need one before they call it open. */
export const eventStreamHeartbeat = ':\n\n';

/** @param id where the client may go on after a lost connection; browsers send it back as Last-Event-ID */
export function nextEvent(data: string, id?: string): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: next\n${dataLines(data)}\n\n`;
}

/** `data` is empty but there: browsers drop events without it. */
export const completeEvent = (data = '') => `event: complete\n${dataLines(data)}\n\n`;

const dataLines = (data: string) => `data: ${data.includes('\n') ? data.replaceAll(/\r?\n/g, '\ndata: ') : data}`;

/** One operation on a connection of its own ("distinct connections mode"): errors are events, too. */
export function eventStreamSink(stream: HttpStream, cursorOf: (body: string) => string | undefined): OperationSink {
  return {
    next: (body) => stream.write(nextEvent(body, cursorOf(body))),
    fail: (errors: readonly GraphQLFormattedError[]) => {
      stream.write(nextEvent(writeErrorBody(errors)));
      stream.end(completeEvent());
    },
    complete: () => stream.end(completeEvent()),
  };
}

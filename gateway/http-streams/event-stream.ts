import type { GraphQLFormattedError } from 'graphql';
import type { AnswerWriter } from '../execution/write/answer-writer.ts';
import type { OperationSink } from '../subscriptions/run-operation.ts';
import type { HttpStream } from './http-stream.ts';

/** Server-sent events as `graphql-sse` has them: https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md */
export const eventStreamType = 'text/event-stream; charset=utf-8';

/** A comment: keeps the connection alive, and some browsers need one before they call it open. */
export const eventStreamHeartbeat = ':\n\n';

let lastEvent: { readonly data: string; readonly id: string | undefined; readonly text: string } | undefined;

/**
 * One event goes to many clients in a row, as the very same text.
 * @param id where the client may go on after a lost connection; browsers send it back as Last-Event-ID. Empty: nowhere
 */
export function nextEvent(data: string, id?: string): string {
  if (lastEvent?.data !== data || lastEvent.id !== id) {
    const idLine = id === undefined || !isOneLine(id) ? '' : `id: ${id}\n`;
    lastEvent = { data, id, text: `${idLine}event: next\n${dataLines(data)}\n\n` };
  }
  return lastEvent.text;
}

/** What has a line break or NUL cannot be an event's id (HTML standard, 9.2.6). */
const isOneLine = (text: string) => !/[\r\n\0]/.test(text);

/** `data` is empty but there: browsers drop events without it. */
export const completeEvent = (data = '') => `event: complete\n${dataLines(data)}\n\n`;

const dataLines = (data: string) => `data: ${data.includes('\n') ? data.replaceAll(/\r?\n/g, '\ndata: ') : data}`;

/** The end of an operation on a connection of its own: what went wrong is an event, too. */
export function failedEvents(answers: AnswerWriter, errors: readonly GraphQLFormattedError[]): string {
  // A browser connects again by itself: it must not go on from a cursor that is refused for ever.
  const id = errors.some(({ extensions }) => cursorRefusals.has(extensions?.['code'])) ? '' : undefined;
  return nextEvent(answers.refusal(errors), id) + completeEvent();
}

const cursorRefusals: ReadonlySet<unknown> = new Set(['INVALID_CURSOR', 'CURSOR_EXPIRED']);

/** One operation on a connection of its own ("distinct connections mode"). */
export function eventStreamSink(stream: HttpStream, answers: AnswerWriter): OperationSink {
  return {
    next: (body, cursor) => stream.write(nextEvent(body, cursor)),
    fail: (errors) => stream.end(failedEvents(answers, errors)),
    complete: () => stream.end(completeEvent()),
    isCongested: () => stream.isCongested(),
    onceRelieved: (run) => stream.onceRelieved(run),
  };
}

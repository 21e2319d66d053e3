import type { Dispatcher } from 'undici';
import { bytesOf } from '../../runtime/bytes-of.ts';
import { unpackerFor } from '../../runtime/unpack.ts';
import type { Cancellation } from '../request/cancellation.ts';
import { type AnswerRoom, largeBytes, type OperationKind } from './answer-room.ts';

export interface Exchange {
  readonly kind: OperationKind;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  /** Bytes that a packed answer may have, unpacked. */
  readonly maxBytes: number;
  /** Called before the first byte leaves; while it waits for a connection, nothing has. */
  readonly sending: (() => void) | undefined;
}

export interface ExchangeAnswer {
  readonly statusCode: number;
  readonly text: string;
  /** Bytes of the room that stay taken until the text has been read. */
  readonly taken: number;
}

/** There is no room for this answer beside others. */
export class NoRoomError extends Error {
  constructor() {
    super('There is no room for this answer beside others.');
    this.name = 'NoRoomError';
  }
}

/**
 * One POST and its whole answer as text. The dispatcher's own handlers are used, without the stream that undici's
 * `request` puts around a body: half of what a small call costs. @throws undici's errors, NoRoomError, UnpackError
 */
export function exchange(
  dispatcher: Dispatcher,
  { kind, path, headers, body, maxBytes, sending }: Exchange,
  cancellation: Cancellation,
  room: Pick<AnswerRoom, 'take' | 'giveBack'>,
): Promise<ExchangeAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let received = 0;
    let taken = 0;
    let statusCode = 0;
    let coding: string | undefined;
    let forget: (() => void) | undefined;
    dispatcher.dispatch(
      { method: 'POST', path, headers, body },
      {
        onRequestStart(controller) {
          const abort = () => controller.abort(new Error('The call is wanted no longer.'));
          if (cancellation.aborted) return abort();
          forget?.();
          forget = cancellation.onCancel(abort);
          sending?.();
        },
        onResponseStart(_controller, status, { 'content-encoding': packed }) {
          statusCode = status;
          coding = packed === undefined ? undefined : String(packed);
        },
        onResponseData(controller, chunk) {
          chunks.push(chunk);
          received += chunk.length;
          if (received <= largeBytes) return;
          if (room.take(received - taken, kind)) taken = received;
          else controller.abort(new NoRoomError());
        },
        onResponseEnd() {
          forget?.();
          if (coding === undefined) {
            resolve({ statusCode, text: bytesOf(chunks).toString('utf8'), taken });
            return;
          }
          unpacked(chunks, coding, { kind, maxBytes, taken, room }).then(
            (answer) => resolve({ statusCode, ...answer }),
            (cause: unknown) => {
              room.giveBack(taken);
              reject(cause);
            },
          );
        },
        onResponseError(_controller, cause) {
          forget?.();
          room.giveBack(taken);
          taken = 0;
          reject(cause);
        },
      },
    );
  });
}

interface Space {
  readonly kind: OperationKind;
  readonly maxBytes: number;
  /** Bytes of the room that the packed answer has taken. */
  readonly taken: number;
  readonly room: Pick<AnswerRoom, 'take'>;
}

/** What a few bytes become counts like what arrived so. */
async function unpacked(
  chunks: readonly Buffer[],
  coding: string,
  { kind, maxBytes, taken, room }: Space,
): Promise<Omit<ExchangeAnswer, 'statusCode'>> {
  const bytes = await unpackerFor(coding)(bytesOf(chunks), maxBytes);
  const more = bytes.length > largeBytes ? Math.max(0, bytes.length - taken) : 0;
  if (!room.take(more, kind)) throw new NoRoomError();
  return { text: bytes.toString('utf8'), taken: taken + more };
}

import type { Dispatcher } from 'undici';
import type { Cancellation } from '../request/cancellation.ts';
import { type AnswerRoom, largeBytes, type OperationKind } from './answer-room.ts';

export interface Exchange {
  readonly kind: OperationKind;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
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
 * `request` puts around a body: half of what a small call costs. @throws undici's errors, NoRoomError
 */
export function exchange(
  dispatcher: Dispatcher,
  { kind, path, headers, body }: Exchange,
  cancellation: Cancellation,
  room: Pick<AnswerRoom, 'take' | 'giveBack'>,
): Promise<ExchangeAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let received = 0;
    let taken = 0;
    let statusCode = 0;
    let forget: (() => void) | undefined;
    dispatcher.dispatch(
      { method: 'POST', path, headers, body },
      {
        onRequestStart(controller) {
          const abort = () => controller.abort(new Error('The call is wanted no longer.'));
          if (cancellation.aborted) return abort();
          forget?.();
          forget = cancellation.onCancel(abort);
        },
        onResponseStart(_controller, status) {
          statusCode = status;
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
          resolve({ statusCode, text: textOf(chunks), taken });
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

function textOf(chunks: readonly Buffer[]): string {
  const [only] = chunks;
  if (only === undefined) return '';
  const bytes = chunks.length === 1 ? only : Buffer.concat(chunks);
  return bytes.toString('utf8');
}

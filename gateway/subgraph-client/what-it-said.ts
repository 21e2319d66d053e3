import { isRecord } from '../../runtime/is-record.ts';
import type { LogFields } from '../../runtime/logger.ts';
import { whatIsWrong } from './what-is-wrong.ts';

/** Characters of such an answer, and of a message in it, that the log keeps. */
const maxBeginning = 200;
const maxMessage = 500;

/**
 * What the log says of an answer that is not used. The page of a proxy or of a login says by its first words what it is; what
 * is JSON may be anybody's data.
 * @param body read from the text; undefined where that is no JSON
 */
export function whatItSaid(text: string, body: unknown): LogFields {
  if (body === undefined) return { begins: text.slice(0, maxBeginning) };
  const message = firstMessageIn(body);
  return message === undefined ? { problem: whatIsWrong(body) } : { message: message.slice(0, maxMessage) };
}

function firstMessageIn(body: unknown): string | undefined {
  const errors = isRecord(body) && body['data'] === undefined ? body['errors'] : undefined;
  if (!Array.isArray(errors) || !errors.every(isRecord)) return undefined;
  const message = errors[0]?.['message'];
  return typeof message === 'string' ? message : undefined;
}

import type { ServerResponse } from 'node:http';
import type { AnswerWriter } from '../execution/write/answer-writer.ts';
import { noteLastWords } from '../request/last-words.ts';
import type { RequestError } from '../request/request-error.ts';
import { refusalHeaders } from './refusal-headers.ts';

/** Answers a request of HTTP/2, that nobody else answers, with what any other request would get. */
export function refuseOnStream(
  answers: AnswerWriter,
  response: ServerResponse,
  { status, formatted }: Pick<RequestError, 'status' | 'formatted'>,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = Buffer.from(answers.refusal(formatted));
  response.writeHead(status, { ...headers, ...refusalHeaders, 'content-length': body.length });
  noteLastWords(response, { status, bytes: body.length, errors: formatted });
  response.end(body);
}

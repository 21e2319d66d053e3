import { errorCode } from '../../../runtime/error-code.ts';
import { isRecord } from '../../../runtime/is-record.ts';

/** What the log says of a stream that failed, without any value of an event. */
export interface StreamFailure {
  /** Of few: what is told once a minute. */
  readonly kind: string;
  readonly fields: { readonly problem: string; readonly closeCode?: number; readonly reason?: string };
}

/** Characters of a sentence of the subgraph, or about it, that the log keeps. */
const maxLength = 200;

/** @param cause an error; or what `graphql-ws` tells of a connection: how it was closed, or by which error it failed */
export function describeStreamFailure(cause: unknown): StreamFailure {
  if (cause instanceof Error) return describeError(cause);
  if (isClose(cause)) return describeClose(cause);
  if (isRecord(cause) && cause['error'] instanceof Error) return describeError(cause['error']);
  return { kind: '', fields: { problem: 'it is not known why' } };
}

const describeError = (error: Error): StreamFailure => ({
  kind: errorCode(error) ?? error.name,
  fields: { problem: error.message.slice(0, maxLength) },
});

interface Close {
  readonly code: number;
  readonly reason?: unknown;
}

function describeClose({ code, reason }: Close): StreamFailure {
  const kind = String(code);
  const known = knownCloses[code];
  if (known !== undefined) return { kind, fields: { problem: known, closeCode: code } };
  const said = typeof reason === 'string' && reason !== '' ? { reason: reason.slice(0, maxLength) } : {};
  return { kind, fields: { problem: 'it closed the connection', closeCode: code, ...said } };
}

/** What nobody sends (RFC 6455, 7.4.1), and what `graphql-ws` closes with by itself. */
const knownCloses: Readonly<Record<number, string>> = {
  1006: 'the connection broke off',
  4499: 'it did not answer a ping',
  4504: 'it did not acknowledge the connection in time',
};

const isClose = (cause: unknown): cause is Close => isRecord(cause) && typeof cause['code'] === 'number';

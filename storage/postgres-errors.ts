import { errorCode } from '../runtime/error-code.ts';

/** SQLSTATE of an error that the server has reported; undefined when the connection itself failed. */
export function sqlState(error: unknown): string | undefined {
  const code = errorCode(error);
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

export const tooManyConnections = '53300';
/** An administrator, or a limit of theirs such as `statement_timeout`, has ended the statement. */
const cancelled = '57014';

/**
 * What an error says about the database, from https://www.postgresql.org/docs/15/errcodes-appendix.html:
 * `conflict` (serialization failure, deadlock: the same work may succeed now), `unavailable` (no connection, shutting down
 * or starting, no room, read-only after a failover, not our turn in time, cancelled), `statement` (the statement was wrong or refused; the database is well).
 */
export function kindOfFailure(error: unknown): 'conflict' | 'unavailable' | 'statement' {
  const state = sqlState(error);
  if (state === '40001' || state === '40P01') return 'conflict';
  if (state !== undefined)
    return /^(08|53|57P|57014|58|55P03|25P0[34]|25006)/.test(state) ? 'unavailable' : 'statement';
  return isConnectionFailure(error) ? 'unavailable' : 'statement';
}

/** The driver reports a broken connection as a system error (`ECONNREFUSED`) or, for want of a code, in words. */
function isConnectionFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (/^E[A-Z_]+$/.test(errorCode(error) ?? '') || isTlsFailure(error)) return true;
  return /connection (terminated|ended|error|timeout)|timeout (expired|exceeded)|read timeout|not queryable|was closed/i.test(
    error.message,
  );
}

/** No TLS came about: OpenSSL names what it does not like of a certificate, and the driver says the rest in words. */
export function isTlsFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const isOfOpenSsl = /^(ERR_(SSL|TLS)_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/.test(errorCode(error) ?? '');
  return isOfOpenSsl || /SSL connection/.test(error.message);
}

/** For a message: what the system or the server said, without addresses or credentials. */
export function briefly(error: unknown): string {
  if (error instanceof AggregateError) return briefly(error.errors[0]);
  if (!(error instanceof Error)) return 'no answer';
  const code = errorCode(error);
  if (code === tooManyConnections) return 'the database has no connection left';
  if (code === cancelled) return 'the database has cancelled the statement';
  if (code !== undefined) return `no answer (${code})`;
  return /time(d )?out/.test(error.message) ? 'no answer in time' : 'the connection broke';
}

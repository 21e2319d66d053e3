import { errorCode } from '../runtime/error-code.ts';
import { DatabaseUnusableError } from './errors.ts';
import { isTlsFailure, kindOfFailure, sqlState, tooManyConnections } from './postgres-errors.ts';

/**
 * What whoever starts Andon reads when PostgreSQL does not let it in. States from
 * https://www.postgresql.org/docs/15/errcodes-appendix.html.
 *
 * @returns undefined for what is no matter of `DATABASE_URL`
 */
export function toStartError(databaseUrl: string, error: unknown): DatabaseUnusableError | undefined {
  const { server, user, database } = partsOf(databaseUrl);
  const unusable = (why: string, remedy: string) => new DatabaseUnusableError(why, remedy, { cause: error });
  switch (sqlState(error)) {
    case '28P01':
    case '28000':
      return unusable(
        `${server} does not let the user ${user} in`,
        'Correct the user and the password, or have the server let it in (pg_hba.conf).',
      );
    case '3D000':
      return unusable(
        `${server} has no database ${database}`,
        `Create it (createdb ${database}), or name one that exists.`,
      );
    case '42501':
      return unusable(
        `the user ${user} may not make or write the schemas of Andon in ${database}`,
        `Let it: GRANT CREATE ON DATABASE "${database}" TO "${user}".`,
      );
    case '25006':
      return unusable(
        `${server} is read-only`,
        'Name the primary, not a standby, and leave default_transaction_read_only off.',
      );
    case '08P01':
      return unusable(
        `${server} does not take the settings that Andon connects with, as poolers do not`,
        'Name PostgreSQL itself, not a pooler: Andon keeps its few connections, and needs each to be a session of its own.',
      );
    case '55P03':
      return unusable(
        `another process is making or changing the schemas of Andon in ${database}`,
        'Wait until that start has ended, or end a process that was stopped in it, then start again.',
      );
    case tooManyConnections:
      return unusable(
        `${server} has no connection left for the user ${user}`,
        'An Andon takes up to 31 connections, and 5 more for each further store of a landscape: raise max_connections, or the limit of the user.',
      );
    default:
  }
  if (passwordMissing(error))
    return unusable(`${server} asks for a password`, 'Write it after the user, or set PGPASSWORD.');
  if (isTlsFailure(error))
    return unusable(
      `${server} cannot be reached over TLS (${shortly(error)})`,
      'Correct sslmode and sslrootcert in the address, or the certificate of the server.',
    );
  if (kindOfFailure(error) !== 'unavailable') return undefined;
  return unusable(
    `${server} cannot be reached (${shortly(error)})`,
    'Start PostgreSQL there, or correct the host and the port.',
  );
}

/** The driver throws before it sends anything: there is no state. */
function passwordMissing(error: unknown): boolean {
  return error instanceof Error && /password must be a string/i.test(error.message);
}

/** Without the password, and without what else the address may hold. */
function partsOf(databaseUrl: string): { readonly server: string; readonly user: string; readonly database: string } {
  const { hostname, port, username, pathname } = new URL(databaseUrl);
  return {
    server: `the server ${hostname ? `${decoded(hostname)}:${port || 5432}` : 'on this machine'}`,
    user: decoded(username) || 'that this process runs as',
    database: decoded(pathname.slice(1)) || 'of the same name as the user',
  };
}

/** As the driver reads it: a percent sign that begins nothing stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function shortly(error: unknown): string {
  if (error instanceof AggregateError) return shortly(error.errors[0]);
  if (!(error instanceof Error)) return 'no answer';
  return errorCode(error) ?? error.message;
}

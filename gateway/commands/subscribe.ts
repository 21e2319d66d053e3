import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { endWithReader } from '../../runtime/end-with-reader.ts';
import { errorCode } from '../../runtime/error-code.ts';
import { parseOptions } from '../../runtime/parse-options.ts';
import { systemTimers } from '../../runtime/timers.ts';
import { UsageError } from '../../runtime/usage-error.ts';
import { readGatewayConfig } from '../read-config.ts';

const help = `andon subscribe [options] 'subscription { … }': prints each event of a subscription as one line of JSON.

  --url URL      the graph (default: http://127.0.0.1:4000/graphql, or the port in PORT)
  --token TOKEN  who subscribes; see "andon token"
  --help         this text

It says on standard error when it is connected. Where nobody answers, and when the connection is lost, it says so and tries again until somebody does; it gives up where that is no use, as with a certificate that nobody here trusts. To go on without a gap, select \`cursor\` and give the last one as \`after\`.
`;

/** `andon subscribe`: runs until the subscription ends or the process is told to. @returns the exit code */
export async function runSubscribeCommand(argv: string[]): Promise<number> {
  const { values, positionals } = parseOptions({
    args: argv,
    allowPositionals: true,
    options: {
      url: { type: 'string' },
      token: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const [query, ...others] = positionals;
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  if (query === undefined) throw new UsageError("Write the subscription: andon subscribe 'subscription { … }'.");
  if (others.length > 0) throw new UsageError('Give one subscription, in quotes.');
  endWithReader();
  return follow(readUrl(values.url), values.token, query);
}

function readUrl(given: string | undefined): string {
  const url = given ?? `http://127.0.0.1:${readGatewayConfig().port}/graphql`;
  if (/^(http|ws)s?:\/\//.test(url) && URL.canParse(url)) return url;
  throw new UsageError(`--url is "${url}". Write the address of the graph, such as http://127.0.0.1:4000/graphql.`);
}

function say(text: string): void {
  process.stderr.write(`andon subscribe: ${text}\n`);
}

/** Waits between tries to connect, in milliseconds: the first, and the longest, to which each one doubles. */
const retryWaitMs = { first: 500, longest: 5_000 };

function follow(url: string, token: string | undefined, query: string): Promise<number> {
  const away = sayOnce(url);
  const client = createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    retryAttempts: Number.POSITIVE_INFINITY,
    retryWait: (retries) => systemTimers.sleep(Math.min(retryWaitMs.first * 2 ** retries, retryWaitMs.longest)),
    shouldRetry: (problem) => !isFinal(problem),
    on: { connected: away.over, closed: (event) => isFinal(event) || away.begins(event) },
    ...(token ? { connectionParams: { authorization: `Bearer ${token}` } } : {}),
  });
  return new Promise((resolve) => {
    client.subscribe(
      { query },
      {
        next: (event) => process.stdout.write(`${JSON.stringify(event)}\n`),
        error: (problem) => {
          say(tlsFaultOf(problem, url) ?? describe(problem));
          resolve(1);
        },
        complete: () => resolve(0),
      },
    );
  });
}

/** Says when it is connected and when the server has gone, not each time that it is tried. */
function sayOnce(url: string) {
  let isAway = false;
  return {
    begins(event: unknown) {
      const isOver = typeof event === 'object' && event !== null && 'code' in event && event.code === 1000;
      if (isAway || isOver) return;
      isAway = true;
      say(
        `nobody answers at ${url}; trying again until somebody does. Start Andon there, or name it with --url or PORT.`,
      );
    },
    over() {
      say(`connected to ${url}.`);
      isAway = false;
    },
  };
}

/** Whether trying again is no use. */
const isFinal = (problem: unknown): boolean => isRefusal(problem) || tlsFaultOf(problem, '') !== undefined;

/** What is wrong where the connection cannot be made safe, and what to do; undefined where that is not the fault. */
function tlsFaultOf(problem: unknown, url: string): string | undefined {
  const isEvent = typeof problem === 'object' && problem !== null && 'error' in problem;
  const error: unknown = isEvent ? problem.error : problem;
  if (!(error instanceof Error)) return undefined;
  const code = errorCode(error) ?? '';
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) {
    return `what answers at ${url} does not speak TLS, or no version of it that is spoken here (${code}). Correct --url: http:// where it has no certificate.`;
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `the certificate of ${url} is for another name (${error.message}). Correct --url.`;
  }
  if (!/CERT|^UNABLE_TO_|^CRL_|^INVALID_(CA|PURPOSE)$/.test(code)) return undefined;
  return `the certificate of ${url} is not trusted (${code}: ${error.message}). Where it is your own, set NODE_EXTRA_CA_CERTS to the file (PEM) of who signed it; else have it renewed.`;
}

/** Close codes 4000 and up are the server's word that trying again the same way is no use. */
function isRefusal(problem: unknown): boolean {
  return typeof problem === 'object' && problem !== null && 'code' in problem && Number(problem.code) >= 4400;
}

function describe(problem: unknown): string {
  if (Array.isArray(problem)) return problem.map((one: { readonly message: string }) => one.message).join('; ');
  if (typeof problem !== 'object' || problem === null) return String(problem);
  if ('reason' in problem && problem.reason) return String(problem.reason);
  return 'message' in problem ? String(problem.message) : 'the connection has ended.';
}

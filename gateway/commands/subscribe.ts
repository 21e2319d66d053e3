import { parseArgs } from 'node:util';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { systemTimers } from '../../runtime/timers.ts';
import { UsageError } from '../../runtime/usage-error.ts';
import { readGatewayConfig } from '../read-config.ts';

const help = `andon subscribe [options] 'subscription { … }': prints each event of a subscription as one line of JSON.

  --url URL      the graph (default: http://127.0.0.1:4000/graphql, or the port in PORT)
  --token TOKEN  who subscribes; see "andon token"
  --help         this text

Where nobody answers, and when the connection is lost, it says so and tries again until somebody does. To go on without a gap, select \`cursor\` and give the last one as \`after\`.
`;

/** `andon subscribe`: runs until the subscription ends or the process is told to. @returns the exit code */
export async function runSubscribeCommand(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      url: { type: 'string' },
      token: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const [query, ...others] = positionals;
  if (values.help || query === undefined) {
    process.stdout.write(help);
    return values.help ? 0 : 2;
  }
  if (others.length > 0) throw new UsageError('Give one subscription, in quotes.');
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
    shouldRetry: (problem) => !isRefusal(problem),
    on: { connected: away.over, closed: (event) => isRefusal(event) || away.begins(event) },
    ...(token ? { connectionParams: { authorization: `Bearer ${token}` } } : {}),
  });
  return new Promise((resolve) => {
    client.subscribe(
      { query },
      {
        next: (event) => process.stdout.write(`${JSON.stringify(event)}\n`),
        error: (problem) => {
          say(describe(problem));
          resolve(1);
        },
        complete: () => resolve(0),
      },
    );
  });
}

/** Says when the server has gone and when it is back, not each time that it is tried. */
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
      if (isAway) say('connected.');
      isAway = false;
    },
  };
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

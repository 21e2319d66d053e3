import { parseArgs } from 'node:util';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const help = `andon subscribe [options] 'subscription { … }': prints each event of a subscription as one line of JSON.

  --url URL      the graph (default: http://127.0.0.1:4000/graphql)
  --token TOKEN  who subscribes; see "andon token"
  --help         this text

A lost connection is made again. To go on without a gap, select \`cursor\` and give the last one as \`after\`.
`;

/** `andon subscribe`: runs until the subscription ends or the process is told to. @returns the exit code */
export async function runSubscribeCommand(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      url: { type: 'string', default: 'http://127.0.0.1:4000/graphql' },
      token: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const [query] = positionals;
  if (values.help || query === undefined) {
    process.stdout.write(help);
    return values.help ? 0 : 2;
  }
  return follow(values.url, values.token, query);
}

function follow(url: string, token: string | undefined, query: string): Promise<number> {
  const client = createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: (problem) => !isRefusal(problem),
    ...(token ? { connectionParams: { authorization: `Bearer ${token}` } } : {}),
  });
  return new Promise((resolve) => {
    client.subscribe(
      { query },
      {
        next: (event) => process.stdout.write(`${JSON.stringify(event)}\n`),
        error: (problem) => {
          process.stderr.write(`andon subscribe: ${describe(problem)}\n`);
          resolve(1);
        },
        complete: () => resolve(0),
      },
    );
  });
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

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

export interface GraphiqlOptions {
  /** A development token: filled in as the Authorization header of requests and subscriptions. */
  readonly token?: string;
  readonly defaultQuery?: string;
}

/** The IDE as one page of 12 MB that asks no other host for anything. Nobody keeps it: it is made each time it is opened. */
export async function renderIde({ token, defaultQuery }: GraphiqlOptions, endpoint: string): Promise<Uint8Array> {
  const authorization = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  const options = {
    title: 'Andon',
    endpoint,
    subscriptionsProtocol: 'WS',
    headers: JSON.stringify(authorization, null, 2),
    // Handed on to the WebSocket client; missing from the type, which lists what GraphiQL itself knows.
    connectionParams: authorization,
    shouldPersistHeaders: false,
    ...(defaultQuery !== undefined && { defaultQuery }),
  } as const;
  const worker = new Worker(new URL('./graphiql-worker.mjs', import.meta.url), { workerData: options });
  const [page] = (await once(worker, 'message')) as [Uint8Array];
  return page;
}

/** Browsers ask for HTML; API clients never prefer it. */
export function wantsIde(method: string | undefined, accept: string | undefined, search: string): boolean {
  return method === 'GET' && accept?.includes('text/html') === true && !/[?&]query=/.test(search);
}

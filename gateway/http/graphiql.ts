import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Worker } from 'node:worker_threads';
import { createGunzip } from 'node:zlib';
import { chooseCoding } from './content-coding.ts';

export interface GraphiqlOptions {
  /** A development token: filled in as the Authorization header of requests and subscriptions. */
  readonly token?: string;
  readonly defaultQuery?: string;
}

/**
 * The IDE: a small page with the options, which is nobody else's to keep, and the 9 MB of script and style that it
 * loads, which are the same for all. They are packed once for each encoding and kept packed.
 */
export class Graphiql {
  readonly #endpoint: string;
  readonly #page: Buffer;
  readonly #assets = new Map<Encoding, Promise<Assets>>();

  /** @param endpoint its path, and that of what it asks */
  constructor(options: GraphiqlOptions, endpoint: string) {
    this.#endpoint = endpoint;
    this.#page = Buffer.from(pageOf(options, endpoint));
  }

  /** @returns false where the request is not for the IDE */
  async answer(request: IncomingMessage, response: ServerResponse, path: string, search: string): Promise<boolean> {
    const asset = Object.hasOwn(assetPaths, path) ? assetPaths[path] : undefined;
    if (asset && isRead(request)) await this.#sendAsset(request, response, asset);
    else if (path === this.#endpoint && wantsPage(request, search)) this.#sendPage(response);
    else return false;
    return true;
  }

  #sendPage(response: ServerResponse): void {
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-length': this.#page.length,
      'cache-control': 'no-store',
      'content-security-policy': contentSecurityPolicy,
      'referrer-policy': 'no-referrer',
    });
    response.end(this.#page);
  }

  async #sendAsset(request: IncomingMessage, response: ServerResponse, { name, type }: AssetKind): Promise<void> {
    const encoding = chooseCoding(request.headers['accept-encoding']);
    const { hash, bytes } = (await this.#packed(encoding ?? 'gzip'))[name];
    const etag = `W/"${hash}"`;
    const headers = { etag, vary: 'Accept-Encoding', 'cache-control': 'private, no-cache' };
    if (request.headers['if-none-match']?.split(/\s*,\s*/).includes(etag)) {
      response.writeHead(304, headers).end();
      return;
    }
    const described = { ...headers, 'content-type': type };
    if (encoding) {
      response.writeHead(200, { ...described, 'content-encoding': encoding, 'content-length': bytes.length });
      response.end(bytes);
      return;
    }
    response.writeHead(200, described);
    // A client that leaves half-way is no failure.
    await pipeline(Readable.from([bytes]), createGunzip(), response).catch(() => response.destroy());
  }

  #packed(encoding: Encoding): Promise<Assets> {
    let assets = this.#assets.get(encoding);
    if (!assets) {
      assets = packAssets(encoding);
      this.#assets.set(encoding, assets);
      assets.catch(() => this.#assets.delete(encoding));
    }
    return assets;
  }
}

type Encoding = 'br' | 'gzip';

interface Asset {
  readonly hash: string;
  readonly bytes: Uint8Array;
}

type Assets = Readonly<Record<'script' | 'style', Asset>>;

interface AssetKind {
  readonly name: keyof Assets;
  readonly type: string;
}

const assetPaths: Readonly<Record<string, AssetKind>> = {
  '/graphiql.js': { name: 'script', type: 'text/javascript; charset=utf-8' },
  '/graphiql.css': { name: 'style', type: 'text/css; charset=utf-8' },
};

async function packAssets(encoding: Encoding): Promise<Assets> {
  const worker = new Worker(new URL('./graphiql-worker.mjs', import.meta.url), { workerData: { encoding } });
  const [assets] = (await once(worker, 'message')) as [Assets];
  return assets;
}

/** Of an answer to HEAD Node leaves the body out. */
const isRead = ({ method }: IncomingMessage) => method === 'GET' || method === 'HEAD';

/** Browsers ask for HTML; API clients never prefer it. */
function wantsPage(request: IncomingMessage, search: string): boolean {
  const { headers } = request;
  return isRead(request) && headers.accept?.includes('text/html') === true && !/[?&]query=/.test(search);
}

/** The page asks this host only, and no other page shows it in a frame. The editor makes its workers and styles itself. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  'worker-src blob:',
  "style-src 'self' 'unsafe-inline'",
  "connect-src 'self'",
  'img-src data:',
  'font-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

function pageOf({ token, defaultQuery }: GraphiqlOptions, endpoint: string): string {
  const authorization = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  const options = {
    title: 'Andon',
    endpoint,
    subscriptionsProtocol: 'WS',
    headers: JSON.stringify(authorization, null, 2),
    // Handed on to the WebSocket client; missing from the type, which lists what GraphiQL itself knows.
    connectionParams: authorization,
    shouldPersistHeaders: false,
    defaultQuery: defaultQuery ?? '{\n  __typename\n}\n',
  };
  // No text of the options may end the element that holds them.
  const json = JSON.stringify(options).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Andon</title>
    <link rel="icon" href="${icon}">
    <link rel="stylesheet" href="/graphiql.css">
  </head>
  <body id="body" class="no-focus-outline">
    <noscript>GraphiQL needs JavaScript.</noscript>
    <div id="root"><p style="font-family: sans-serif; padding: 1em">Loading …</p></div>
    <script type="application/json" id="options">${json}</script>
    <script src="/graphiql.js"></script>
  </body>
</html>
`;
}

/** Three lamps: an andon. */
const icon = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect x="4" width="8" height="16" rx="2" fill="#333"/><circle cx="8" cy="3.5" r="2" fill="#e33"/><circle cx="8" cy="8" r="2" fill="#eb3"/><circle cx="8" cy="12.5" r="2" fill="#3b5"/></svg>',
)}`;

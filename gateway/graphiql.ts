import { renderGraphiQL } from '@graphql-yoga/render-graphiql';

export interface GraphiqlOptions {
  /** A development token: filled in as the Authorization header of requests and subscriptions. */
  readonly token?: string;
  readonly defaultQuery?: string;
}

/** The IDE as one page that asks no other host for anything. */
export function renderIde({ token, defaultQuery }: GraphiqlOptions, endpoint: string): string {
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
  return renderGraphiQL(options);
}

/** Browsers ask for HTML; API clients never prefer it. */
export function wantsIde(method: string | undefined, accept: string | undefined, search: string): boolean {
  return method === 'GET' && accept?.includes('text/html') === true && !/[?&]query=/.test(search);
}

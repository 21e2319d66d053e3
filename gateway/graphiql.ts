import { renderGraphiQL } from '@graphql-yoga/render-graphiql';

export interface GraphiqlOptions {
  /** A development token: filled in as the Authorization header of requests and subscriptions. */
  readonly token?: string;
  readonly defaultQuery?: string;
}

/** The IDE as one page that asks no other host for anything. */
export function renderIde({ token, defaultQuery }: GraphiqlOptions, endpoint: string): string {
  const headers = token === undefined ? '{}' : JSON.stringify({ Authorization: `Bearer ${token}` }, null, 2);
  return renderGraphiQL({
    title: 'Andon',
    endpoint,
    subscriptionsProtocol: 'WS',
    headers,
    shouldPersistHeaders: false,
    ...(defaultQuery !== undefined && { defaultQuery }),
  });
}

/** Browsers ask for HTML; API clients never prefer it. */
export function wantsIde(method: string | undefined, accept: string | undefined, search: string): boolean {
  return method === 'GET' && accept?.includes('text/html') === true && !/[?&]query=/.test(search);
}

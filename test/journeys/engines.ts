import type { AndonProcessOptions } from '../support/andon-process.ts';

/** What runs the queries of a journey. The fallback engine has no subscriptions, so nobody subscribes on it. */
export interface JourneyEngine extends Pick<AndonProcessOptions, 'env'> {
  readonly engine: 'native' | 'apollo';
  readonly hasSubscriptions: boolean;
}

export const engines: readonly JourneyEngine[] = [
  { engine: 'native', hasSubscriptions: true, env: { ANDON_ENGINE: 'native' } },
  { engine: 'apollo', hasSubscriptions: false, env: { ANDON_ENGINE: 'apollo' } },
];

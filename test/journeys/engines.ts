/** What runs the queries of a journey. The fallback engine has no subscriptions, so nobody subscribes on it. */
export interface JourneyEngine {
  readonly engine: 'native' | 'apollo';
  readonly hasSubscriptions: boolean;
  readonly env: Readonly<Record<string, string>>;
}

export const engines: readonly JourneyEngine[] = [
  { engine: 'native', hasSubscriptions: true, env: { ANDON_ENGINE: 'native' } },
  { engine: 'apollo', hasSubscriptions: false, env: { ANDON_ENGINE: 'apollo' } },
];

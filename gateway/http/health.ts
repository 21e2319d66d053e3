/** What load balancers ask: alive says that the process works, ready that it takes requests. */
export interface HealthAnswer {
  readonly status: number;
  readonly body: string;
}

export interface Health {
  /** Whether it listens and does not drain. */
  readonly isReady: boolean;
  /** Why requests cannot be served although it listens. */
  readonly problem: string | undefined;
  /** What whoever looks should know although requests are served. */
  readonly note: string | undefined;
}

export function answerHealth(path: string, { isReady, problem, note }: Health): HealthAnswer | undefined {
  if (path === '/health/live') return { status: 200, body: '{"status":"live"}' };
  if (path !== '/health/ready') return undefined;
  if (!isReady) return { status: 503, body: '{"status":"draining"}' };
  if (problem === undefined) return { status: 200, body: JSON.stringify({ status: 'ready', ...(note && { note }) }) };
  return { status: 503, body: JSON.stringify({ status: 'unavailable', reason: problem }) };
}

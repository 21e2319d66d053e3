/** What load balancers ask: alive says that the process works, ready that it takes requests. */
export interface HealthAnswer {
  readonly status: number;
  readonly body: string;
}

export function answerHealth(path: string, isReady: boolean): HealthAnswer | undefined {
  if (path === '/health/live') return { status: 200, body: '{"status":"live"}' };
  if (path !== '/health/ready') return undefined;
  return isReady ? { status: 200, body: '{"status":"ready"}' } : { status: 503, body: '{"status":"draining"}' };
}

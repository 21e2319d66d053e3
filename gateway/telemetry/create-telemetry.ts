import type { Runtime } from '../../runtime/runtime.ts';
import type { GatewayConfig } from '../config.ts';
import type { Tracer } from '../request/span.ts';
import { AccessLog } from './access-log.ts';
import { readCollectorAccess } from './config.ts';
import type { Metrics } from './metrics.ts';

/** Who watches the gateway; each absent where nobody wants to know. */
export interface Telemetry {
  readonly metrics: Metrics | undefined;
  readonly tracer: Tracer | undefined;
  readonly accessLog: AccessLog | undefined;
}

/** Libraries are loaded where they are switched on. @throws ConfigValueError */
export async function createTelemetry(
  { metrics, tracing, http }: Pick<GatewayConfig, 'metrics' | 'tracing' | 'http'>,
  runtime: Runtime,
): Promise<Telemetry> {
  return {
    metrics: metrics.port === undefined ? undefined : await createMetrics(runtime),
    tracer: await createTracer(tracing, runtime),
    accessLog: http.accessLog ? new AccessLog(runtime) : undefined,
  };
}

async function createMetrics({ clock }: Runtime): Promise<Metrics> {
  const { Metrics } = await import('./metrics.ts');
  return new Metrics(clock);
}

async function createTracer(
  { endpoint, ...tracing }: GatewayConfig['tracing'],
  runtime: Runtime,
): Promise<Tracer | undefined> {
  if (endpoint === undefined) return undefined;
  const access = readCollectorAccess();
  const { createOtlpTracer } = await import('./otlp-tracer.ts');
  return createOtlpTracer({ ...tracing, ...access, endpoint, runtime });
}

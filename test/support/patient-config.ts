import { defaultGatewayConfig, type GatewayConfig } from '../../gateway/config.ts';

export const longMs = 120_000;

/** The gateway's defaults, but for deadlines: what is late only because the machine is busy is no answer to what a test asks. */
export const patientConfig: GatewayConfig = {
  ...defaultGatewayConfig,
  port: 0,
  subgraphs: { ...defaultGatewayConfig.subgraphs, timeoutMs: longMs, breakerSlowMs: longMs / 2 },
  subscriptions: { ...defaultGatewayConfig.subscriptions, initTimeoutMs: longMs, streamReservationMs: longMs },
  http: {
    ...defaultGatewayConfig.http,
    headersTimeoutMs: longMs,
    requestTimeoutMs: longMs,
    sendTimeoutMs: longMs,
    keepAliveTimeoutMs: longMs,
    // Its tests know that nothing is on the wire when they end.
    drainGraceMs: 1,
  },
};

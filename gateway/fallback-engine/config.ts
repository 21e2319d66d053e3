/** `@apollo/gateway` reports usage to its maker unless the environment forbids it: this gateway calls nobody unasked. */
export function forbidApolloTelemetry(): void {
  process.env['APOLLO_TELEMETRY_DISABLED'] = 'true';
}

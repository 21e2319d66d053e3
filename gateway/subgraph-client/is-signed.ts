import type { RemoteOptions } from './remote-options.ts';
import type { SubgraphCall } from './subgraph-client.ts';

/** Whether the Authorization header of a call is this gateway's own, and not one that the client sent. */
export function isSigned({ signs, forwarding }: RemoteOptions, { context }: SubgraphCall): boolean {
  if (!signs || context.principal === undefined) return false;
  return !forwarding.includes('authorization') || context.forwarded?.values['authorization'] === undefined;
}

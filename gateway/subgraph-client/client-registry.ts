import type { SubgraphEndpoint } from '../supergraph/subgraph-endpoints.ts';
import { measuredClient } from '../telemetry/measured-client.ts';
import { tracedClient } from '../telemetry/traced-client.ts';
import { type ClientsOptions, createClient } from './create-clients.ts';
import type { SubgraphClient } from './subgraph-client.ts';
import { readSubgraphTls } from './subgraph-tls.ts';

/** The clients of all supergraphs that are in use. One that keeps its name and address keeps its client: pool, breaker and all. */
export interface ClientRegistry {
  /** @throws SupergraphError a subgraph cannot be called */
  clientsFor(endpoints: ReadonlyMap<string, SubgraphEndpoint>): ReadonlyMap<string, SubgraphClient>;
  /** Each subgraph in use, and whether it is left alone. */
  circuits(): readonly (readonly [service: string, isOpen: boolean])[];
  /** Lets go of the clients that `endpoints` does not need any more. What runs on them may finish. */
  retireAllBut(endpoints: ReadonlyMap<string, SubgraphEndpoint>): void;
  close(): Promise<void>;
}

/** An idle pool holds no sockets, so waiting costs nothing; the longest plan has ended long before. */
const retirementMs = 600_000;

const keyOf = ({ name, url }: SubgraphEndpoint) => `${name}\n${url}`;

/** @throws ConfigValueError the certificates of connections to subgraphs cannot be used */
export function createClientRegistry(options: ClientsOptions): ClientRegistry {
  const tls = readSubgraphTls(options.config.tls);
  const clients = new Map<string, SubgraphClient>();
  const retired = new Set<SubgraphClient>();
  const clientOf = (endpoint: SubgraphEndpoint) => {
    const known = clients.get(keyOf(endpoint));
    if (known) return known;
    const plain = createClient(endpoint, options, tls);
    const traced = options.tracer ? tracedClient(plain) : plain;
    const made = options.metrics ? measuredClient(traced, options.metrics) : traced;
    clients.set(keyOf(endpoint), made);
    return made;
  };
  const retire = (client: SubgraphClient) => {
    retired.add(client);
    options.runtime.timers.after(retirementMs, () => {
      if (retired.delete(client)) void client.close();
    });
  };
  return {
    clientsFor: (endpoints) =>
      new Map([...endpoints.values()].map((endpoint) => [endpoint.name, clientOf(endpoint)] as const)),
    circuits: () => [...clients.values()].map((client) => [client.service, client.isLeftAlone?.() ?? false]),
    retireAllBut(endpoints) {
      const kept = new Set([...endpoints.values()].map(keyOf));
      for (const [key, client] of clients) {
        if (kept.has(key)) continue;
        clients.delete(key);
        retire(client);
      }
    },
    close: async () => {
      await Promise.all([...clients.values(), ...retired].map((client) => client.close()));
      retired.clear();
    },
  };
}

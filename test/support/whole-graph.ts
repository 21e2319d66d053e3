import { fileURLToPath } from 'node:url';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { Principal } from '../../auth/principal.ts';
import { createReferenceCmms } from '../../connectors/cmms/reference.ts';
import { fillReferenceCmms } from '../../connectors/cmms/reference-demo.ts';
import { cmmsMigrations } from '../../connectors/cmms/reference-migrations.ts';
import type { CmmsTables } from '../../connectors/cmms/reference-tables.ts';
import { type DemoPlant, demoPlants } from '../../connectors/demo-plant.ts';
import { createReferenceErp } from '../../connectors/erp/reference.ts';
import { fillReferenceErp } from '../../connectors/erp/reference-demo.ts';
import { erpMigrations } from '../../connectors/erp/reference-migrations.ts';
import type { ErpTables } from '../../connectors/erp/reference-tables.ts';
import type { Systems } from '../../connectors/main.ts';
import { createReferenceMes } from '../../connectors/mes/reference.ts';
import { fillReferenceMes } from '../../connectors/mes/reference-demo.ts';
import { mesMigrations } from '../../connectors/mes/reference-migrations.ts';
import type { MesTables } from '../../connectors/mes/reference-tables.ts';
import { createReferenceQms } from '../../connectors/qms/reference.ts';
import { fillReferenceQms } from '../../connectors/qms/reference-demo.ts';
import { qmsMigrations } from '../../connectors/qms/reference-migrations.ts';
import type { QmsTables } from '../../connectors/qms/reference-tables.ts';
import { defaultGatewayConfig } from '../../gateway/config.ts';
import { createGateway, type Gateway } from '../../gateway/gateway.ts';
import { composeSupergraph } from '../../gateway/supergraph/compose.ts';
import type { Journal } from '../../journal/journal.ts';
import { createPolicies, type PoliciesOptions } from '../../policies/evaluate.ts';
import type { GraphReader } from '../../subgraphs/graph-reader.ts';
import { createLocalSubgraph } from '../../subgraphs/local-subgraph.ts';
import { createSubgraphs } from '../../subgraphs/main.ts';
import type { Subgraph } from '../../subgraphs/subgraph.ts';
import { createWorkflows } from '../../workflows/create-workflows.ts';
import { workflowMigrations } from '../../workflows/migrations.ts';
import type { WorkflowTables } from '../../workflows/tables.ts';
import { openTestJournal } from './database.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests read answers by name, as a client does
export type Data = any;

export interface WholeAnswer {
  readonly data: Data;
  readonly errors: readonly { readonly message: string; readonly extensions?: Data }[];
}

/** Everything but the process: gateway, subgraphs, systems, journal, policies and workflows, in this one. */
export interface WholeGraph {
  /** What `/health/ready` says besides. */
  note(): string | undefined;
  readonly gateway: Gateway;
  readonly subgraphs: readonly Subgraph[];
  readonly systems: Systems;
  readonly journal: Journal;
  ask(principal: Principal, query: string, variables?: Record<string, unknown>): Promise<WholeAnswer>;
  /** One transition, its meta made up unless it is given. */
  perform(principal: Principal, name: string, input: Data, meta?: Data): Promise<Data>;
  /** The first `count` payloads of a subscription over the WebSocket, or as many as there are when it falls silent. */
  follow(principal: Principal, query: string, count: number): Promise<readonly Data[]>;
  /** Resolves when everything that has happened has had its consequences. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

export interface WholeGraphOptions {
  /** @default the demo plants */
  readonly plants?: readonly DemoPlant[];
  readonly policies?: PoliciesOptions;
  /** Stands between Andon and the systems, and may change them before anybody asks. @default nothing */
  readonly around?: (systems: Systems) => Promise<Systems>;
}

/** Longer than any event takes that is there already. */
const silenceMs = 1000;

export async function openWholeGraph({
  plants = demoPlants,
  policies = {},
  around = async (systems) => systems,
}: WholeGraphOptions = {}): Promise<WholeGraph> {
  const place = await openTestJournal('sqlite');
  const { journal, runtime, storage } = place;
  const systems = await around(await openSystems(plants, place));
  const { sdl } = await composeSupergraph(fileURLToPath(new URL('../../supergraph.yaml', import.meta.url)));
  let gateway: Gateway | null = null;
  const graph: GraphReader = {
    async query(query, variables, principal, signal) {
      const answer = await gateway?.execute({ query, variables: { ...variables }, principal, signal });
      return { data: answer?.data ?? null, errors: answer?.errors ?? [] };
    },
  };
  const database = await storage.open<WorkflowTables>('workflows', workflowMigrations);
  const workflows = createWorkflows({ database, journal, runtime, graph });
  const domain = {
    journal,
    policies: await createPolicies(policies),
    graph,
    runtime,
    connectors: {
      erp: async () => systems.erp,
      mes: async () => systems.mes,
      qms: async () => systems.qms,
      cmms: async () => systems.cmms,
    },
    ownership: [],
    plantCodes: plants.map(({ plantCode }) => plantCode),
  };
  const { subgraphs, restoring } = await createSubgraphs(domain, workflows);
  const principals = new Map<string, Principal>();
  gateway = await createGateway({
    supergraphSdl: sdl,
    runtime,
    config: { ...defaultGatewayConfig, port: 0 },
    subgraphs: new Map(subgraphs.map((one) => [one.name, createLocalSubgraph({ ...one, log: runtime.log })])),
    authenticate: (credentials) => {
      const principal = principals.get(credentials ?? '');
      if (!principal) throw new Error('Nobody has this token.');
      return principal;
    },
    signInternal: () => 'Bearer none',
  });
  const { url } = await gateway.listen();
  await workflows.start();
  const ask: WholeGraph['ask'] = async (principal, query, variables = {}) => {
    const { data, errors = [] } = (await gateway?.execute({ query, variables, principal })) ?? {};
    return { data, errors };
  };
  return {
    note: restoring.unread,
    gateway,
    subgraphs,
    systems,
    journal,
    ask,
    async perform(principal, name, input, meta = {}) {
      const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input`;
      const query = `mutation Do($input: ${type}!, $meta: TransitionMeta!) { ${name}(input: $input, meta: $meta) {
        outcome transitionId document rejections { code system guard message remediation blockingRef } } }`;
      const variables = { input, meta: { idempotencyKey: runtime.ids.next(), reason: { text: 'Because.' }, ...meta } };
      const { data, errors } = await ask(principal, query, variables);
      if (errors.length > 0) throw new Error(JSON.stringify(errors));
      return data[name];
    },
    async follow(principal, query, count) {
      principals.set(`Bearer ${principal.id}`, principal);
      const client = createClient({
        url: url.replace('http', 'ws'),
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        connectionParams: { authorization: `Bearer ${principal.id}` },
      });
      const found: Data[] = [];
      const payloads = client.iterate({ query })[Symbol.asyncIterator]();
      while (found.length < count) {
        const silence = new Promise<null>((resolve) => setTimeout(() => resolve(null), silenceMs));
        const refused = (errors: unknown) => ({ done: false, value: { errors } });
        const next = await Promise.race([payloads.next().catch(refused), silence]);
        if (next === null || next.done) break;
        found.push(next.value);
      }
      await client.dispose();
      return found;
    },
    settled: () => workflows.idle(),
    async close() {
      await gateway?.drain();
      await workflows.stop();
      await restoring.stop();
      await place.dispose();
    },
  };
}

type Place = Awaited<ReturnType<typeof openTestJournal>>;

async function openSystems(plants: readonly DemoPlant[], { storage, runtime: { clock } }: Place): Promise<Systems> {
  const erp = await storage.open<ErpTables>('erp', erpMigrations);
  const mes = await storage.open<MesTables>('mes', mesMigrations);
  const qms = await storage.open<QmsTables>('qms', qmsMigrations);
  const cmms = await storage.open<CmmsTables>('cmms', cmmsMigrations);
  await fillReferenceErp(erp, plants, clock);
  await fillReferenceMes(mes, plants, clock);
  await fillReferenceQms(qms, plants, clock);
  await fillReferenceCmms(cmms, plants, clock);
  return {
    erp: createReferenceErp({ database: erp, clock }),
    mes: createReferenceMes({ database: mes, clock }),
    qms: createReferenceQms({ database: qms, clock }),
    cmms: createReferenceCmms({ database: cmms, clock }),
  };
}

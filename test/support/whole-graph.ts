import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
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
import { createGateway, type Gateway } from '../../gateway/gateway.ts';
import { composeSupergraph } from '../../gateway/supergraph/compose.ts';
import type { JournalEvent } from '../../journal/envelope.ts';
import type { Gap } from '../../journal/gap.ts';
import type { Journal } from '../../journal/journal.ts';
import { createPolicies, type PoliciesOptions } from '../../policies/evaluate.ts';
import type { GraphReader } from '../../subgraphs/graph-reader.ts';
import { createSubgraphs } from '../../subgraphs/main.ts';
import { createLocalSubgraph } from '../../subgraphs/serving/local-subgraph.ts';
import type { Subgraph } from '../../subgraphs/subgraph.ts';
import { createWorkflows } from '../../workflows/create-workflows.ts';
import { workflowMigrations } from '../../workflows/migrations.ts';
import type { WorkflowTables } from '../../workflows/tables.ts';
import { openTestJournal } from './database.ts';
import { patientConfig } from './patient-config.ts';

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

/** Turns of the event loop in which the journal would have given what is there: it reads in this thread, without timers. */
const silentTurns = 200;

export async function openWholeGraph({
  plants = demoPlants,
  policies = {},
  around = async (systems) => systems,
}: WholeGraphOptions = {}): Promise<WholeGraph> {
  const place = await openTestJournal('sqlite');
  const { journal, runtime, storage } = place;
  const startFollowing = journal.events.follow.bind(journal.events);
  let followed: (reader: JournalReader, partner: string | undefined) => void = () => undefined;
  vi.spyOn(journal.events, 'follow').mockImplementation((...given) => {
    const reader = new JournalReader(startFollowing(...given));
    followed(reader, given[1].partner);
    return reader;
  });
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
    config: { ...patientConfig },
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
      const begun = new Promise<JournalReader>((resolve) => {
        followed = (reader, partner) => {
          if (partner === (principal.partner ?? undefined)) resolve(reader);
        };
      });
      const subscriber = await subscribeAs(`Bearer ${principal.id}`, { url, query });
      const reader = await Promise.race([begun, subscriber.ended]);
      if (reader) await subscriber.untilSilent(reader, count);
      subscriber.close();
      return subscriber.heard.slice(0, count);
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

/** A reader of the journal of which is known whether it waits for an event that has not happened yet. */
class JournalReader implements AsyncIterableIterator<JournalEvent | Gap> {
  readonly #events: AsyncIterator<JournalEvent | Gap>;
  #isWaiting = false;

  constructor(events: AsyncIterator<JournalEvent | Gap>) {
    this.#events = events;
  }

  async next(): Promise<IteratorResult<JournalEvent | Gap>> {
    this.#isWaiting = true;
    const result = await this.#events.next();
    this.#isWaiting = false;
    return result;
  }

  async return(): Promise<IteratorResult<JournalEvent | Gap>> {
    await this.#events.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Resolves when what it has read last has been answered, and nothing more is there. */
  async untilIdle(): Promise<void> {
    for (let turns = 0; turns < silentTurns; turns = this.#isWaiting ? turns + 1 : 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

interface Subscriber {
  readonly heard: readonly Data[];
  /** Resolves when there will be no more. */
  readonly ended: Promise<undefined>;
  /** Resolves when it has heard all that its reader of the journal finds, or so many payloads. */
  untilSilent(reader: JournalReader, count: number): Promise<void>;
  close(): void;
}

async function subscribeAs(authorization: string, { url, query }: { url: string; query: string }): Promise<Subscriber> {
  const heard: Data[] = [];
  const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws');
  const send = (message: object) => socket.send(JSON.stringify(message));
  let hasEnded = false;
  let pong: () => void = () => undefined;
  const ended = new Promise<undefined>((resolve) => {
    socket.on('message', (data) => {
      const { type, payload } = JSON.parse(String(data));
      if (type === 'connection_ack') send({ type: 'subscribe', id: '1', payload: { query } });
      else if (type === 'next') heard.push(payload);
      else if (type === 'error') heard.push({ errors: payload });
      else if (type === 'pong') pong();
      hasEnded ||= type === 'error' || type === 'complete';
      if (hasEnded) resolve(undefined);
    });
  });
  await once(socket, 'open');
  send({ type: 'connection_init', payload: { authorization } });
  return {
    heard,
    ended,
    async untilSilent(reader, count) {
      for (let known = -1; known < heard.length && heard.length < count && !hasEnded; ) {
        known = heard.length;
        await reader.untilIdle();
        // What was sent before it has arrived before it.
        const answered = new Promise<void>((resolve) => {
          pong = resolve;
        });
        send({ type: 'ping' });
        await answered;
      }
    },
    close: () => socket.terminate(),
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

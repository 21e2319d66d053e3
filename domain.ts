import { readFile } from 'node:fs/promises';
import type { AndonConfig } from './config.ts';
import { readLandscape } from './connectors/landscape.ts';
import { connectorNames, createConnectors } from './connectors/main.ts';
import { readOwnership } from './gateway/supergraph/ownership.ts';
import { createJournal } from './journal/create-journal.ts';
import { journalMigrations } from './journal/migrations.ts';
import { startRetention } from './journal/retention.ts';
import type { JournalTables } from './journal/tables.ts';
import { watchJournal } from './journal/watch-journal.ts';
import { createPolicies } from './policies/evaluate.ts';
import type { Runtime } from './runtime/runtime.ts';
import { openStorage, type Storage } from './storage/open-storage.ts';
import type { DomainOptions } from './subgraphs/domain-options.ts';
import type { GraphReader } from './subgraphs/graph-reader.ts';
import { createWorkflows, type Workflows } from './workflows/create-workflows.ts';
import { workflowMigrations } from './workflows/migrations.ts';
import type { WorkflowTables } from './workflows/tables.ts';

/** What subgraphs and workflows stand on. */
export interface Domain extends DomainOptions {
  /** Opens the workflows' store. Once in a process. */
  openWorkflows(): Promise<Workflows>;
  /** Forgets old events from now on, as far as the workflows have taken them. @returns ends it */
  startRetention(workflows: Pick<Workflows, 'takenUpTo'>): () => Promise<void>;
  readonly supergraphSdl: string;
  /** Why nothing can be answered at the moment, for `/health/ready`; undefined while the journal answers. */
  problem(): string | undefined;
  /** Closes the stores. Everything that uses them has to be stopped before. */
  close(): Promise<void>;
}

/**
 * Opens the journal; every other store is opened by who needs it.
 *
 * @param graph the rest of the graph, for guards and workflows; it is not asked before they run
 */
export async function openDomain(config: AndonConfig, runtime: Runtime, graph: GraphReader): Promise<Domain> {
  const landscape = readLandscape(config.landscapeFile, connectorNames);
  const policies = await createPolicies();
  const supergraphSdl = await readFile(new URL('./supergraph.graphql', import.meta.url), 'utf8');
  const { dataDir, databaseUrl } = config;
  const place = { dataDir, ...(databaseUrl ? { databaseUrl } : {}) };
  const storage = await openStorage({ ...place, runtime, leadingStore: 'journal' });
  const { journal, journalStore } = await openJournal(storage, runtime).catch(async (error: unknown) => {
    await storage.close();
    throw error;
  });
  const watch = watchJournal(journal, runtime);
  return {
    journal,
    problem: watch.problem,
    policies,
    graph,
    runtime,
    connectors: createConnectors(landscape, storage, runtime),
    supergraphSdl,
    ownership: readOwnership(supergraphSdl),
    plantCodes: landscape.plants.map(({ plantCode }) => plantCode),
    async openWorkflows() {
      const own = await storage.open<WorkflowTables>('workflows', workflowMigrations);
      return createWorkflows({ database: own, journal, runtime, graph });
    },
    startRetention: ({ takenUpTo }) =>
      startRetention({ database: journalStore, days: config.journalRetentionDays, takenUpTo, runtime }),
    async close() {
      watch.stop();
      await journal.close();
      await storage.close();
    },
  };
}

async function openJournal(storage: Storage, runtime: Runtime) {
  const journalStore = await storage.open<JournalTables>('journal', journalMigrations);
  return { journalStore, journal: await createJournal({ database: journalStore, runtime }) };
}

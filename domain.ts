import { readFile } from 'node:fs/promises';
import type { AndonConfig } from './config.ts';
import { readLandscape } from './connectors/landscape.ts';
import { connectSystems } from './connectors/main.ts';
import { readOwnership } from './gateway/supergraph/ownership.ts';
import { createJournal } from './journal/create-journal.ts';
import { journalMigrations } from './journal/migrations.ts';
import type { JournalTables } from './journal/tables.ts';
import { createPolicies } from './policies/evaluate.ts';
import type { Runtime } from './runtime/runtime.ts';
import { openStorage } from './storage/open-storage.ts';
import type { GraphReader } from './subgraphs/graph-reader.ts';
import type { DomainOptions } from './subgraphs/main.ts';
import { createWorkflows, type Workflows } from './workflows/create-workflows.ts';
import { workflowMigrations } from './workflows/migrations.ts';
import type { WorkflowTables } from './workflows/tables.ts';

/** What subgraphs and workflows stand on, opened: stores, journal, connectors, policies. */
export interface Domain extends DomainOptions {
  readonly workflows: Workflows;
  readonly supergraphSdl: string;
  /** Closes the stores. Everything that uses them has to be stopped before. */
  close(): Promise<void>;
}

/** @param graph the rest of the graph, for guards and workflows; it is not asked before they run */
export async function openDomain(config: AndonConfig, runtime: Runtime, graph: GraphReader): Promise<Domain> {
  const landscape = readLandscape(config.landscapeFile);
  const policies = await createPolicies();
  const supergraphSdl = await readFile(new URL('./supergraph.graphql', import.meta.url), 'utf8');
  const { dataDir, databaseUrl } = config;
  const storage = await openStorage({ dataDir, runtime, ...(databaseUrl ? { databaseUrl } : {}) });
  const journal = await createJournal({
    database: await storage.open<JournalTables>('journal', journalMigrations),
    runtime,
  });
  const systems = await connectSystems(landscape, storage, runtime);
  const database = await storage.open<WorkflowTables>('workflows', workflowMigrations);
  return {
    journal,
    policies,
    graph,
    runtime,
    systems,
    supergraphSdl,
    workflows: createWorkflows({ database, journal, runtime, graph }),
    ownership: readOwnership(supergraphSdl),
    async close() {
      await journal.close();
      await storage.close();
    },
  };
}

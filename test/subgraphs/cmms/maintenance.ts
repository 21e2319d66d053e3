import { createReferenceCmms } from '../../../connectors/cmms/reference.ts';
import { fillReferenceCmms } from '../../../connectors/cmms/reference-demo.ts';
import { cmmsMigrations } from '../../../connectors/cmms/reference-migrations.ts';
import type { CmmsTables } from '../../../connectors/cmms/reference-tables.ts';
import { demoPlants } from '../../../connectors/demo-plant.ts';
import type { Runtime } from '../../../runtime/runtime.ts';
import type { Database } from '../../../storage/database.ts';
import { createCmmsSubgraph } from '../../../subgraphs/cmms/index.ts';
import type { Subgraph } from '../../../subgraphs/subgraph.ts';
import { type DialectName, openTestJournal, type TestJournal } from '../../support/database.ts';
import { everythingAllowed, GraphStub, person } from '../subgraph-under-test.ts';

export interface Maintenance extends Omit<TestJournal, 'database'> {
  readonly subgraph: Subgraph;
  readonly cmmsDatabase: Database<CmmsTables>;
  readonly graph: GraphStub;
}

/** The CMMS's subgraph over a real journal and a filled reference CMMS. */
export async function openMaintenance(dialect: DialectName, overrides: Partial<Runtime> = {}): Promise<Maintenance> {
  const place = await openTestJournal(dialect, overrides);
  const { journal, runtime, storage } = place;
  const cmmsDatabase = await storage.open<CmmsTables>('cmms', cmmsMigrations);
  await fillReferenceCmms(cmmsDatabase, demoPlants, runtime.clock);
  const port = createReferenceCmms({ database: cmmsDatabase, clock: runtime.clock });
  const graph = new GraphStub();
  const subgraph = createCmmsSubgraph({ journal, policies: everythingAllowed, graph, runtime, port });
  return { ...place, subgraph, cmmsDatabase, graph };
}

export const theo = person({ id: 'theo', name: 'Theo Technician', roles: ['MAINTENANCE_TECHNICIAN'] });

export const fillerId = 'mfg:BER:asset:BER-FILLER-L1';
export const fillingId = 'mfg:BER:work-center:FILL-L1';
export const downtimeId = 'mfg:BER:downtime:DT-1';

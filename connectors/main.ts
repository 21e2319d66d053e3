import type { Runtime } from '../runtime/runtime.ts';
import type { Storage } from '../storage/open-storage.ts';
import type { CmmsPort } from './cmms/port.ts';
import { createReferenceCmms } from './cmms/reference.ts';
import { fillReferenceCmms } from './cmms/reference-demo.ts';
import { cmmsMigrations } from './cmms/reference-migrations.ts';
import type { CmmsTables } from './cmms/reference-tables.ts';
import { demoPlants } from './demo-plant.ts';
import type { ErpPort } from './erp/port.ts';
import { createReferenceErp } from './erp/reference.ts';
import { fillReferenceErp } from './erp/reference-demo.ts';
import { erpMigrations } from './erp/reference-migrations.ts';
import type { ErpTables } from './erp/reference-tables.ts';
import type { SystemName } from './errors.ts';
import type { Landscape } from './landscape.ts';
import type { MesPort } from './mes/port.ts';
import { createReferenceMes } from './mes/reference.ts';
import { fillReferenceMes } from './mes/reference-demo.ts';
import { mesMigrations } from './mes/reference-migrations.ts';
import type { MesTables } from './mes/reference-tables.ts';
import type { QmsPort } from './qms/port.ts';
import { createReferenceQms } from './qms/reference.ts';
import { fillReferenceQms } from './qms/reference-demo.ts';
import { qmsMigrations } from './qms/reference-migrations.ts';
import type { QmsTables } from './qms/reference-tables.ts';

/** The ways to the systems of the landscape. Each opens what it needs when it is asked for: once in a process. */
export interface Connectors {
  erp(): Promise<ErpPort>;
  mes(): Promise<MesPort>;
  qms(): Promise<QmsPort>;
  cmms(): Promise<CmmsPort>;
}

/** The ports of systems that are open. */
export type Systems = { readonly [Name in keyof Connectors]: Awaited<ReturnType<Connectors[Name]>> };

/** The connectors that `landscape.yaml` names: each reference system on a store of its own, filled if it is a demo. */
export function createConnectors(landscape: Landscape, storage: Storage, { clock }: Runtime): Connectors {
  return {
    async erp() {
      const database = await storage.open<ErpTables>('erp', erpMigrations);
      await fillReferenceErp(database, demosOf(landscape, 'ERP'), clock);
      return createReferenceErp({ database, clock });
    },
    async mes() {
      const database = await storage.open<MesTables>('mes', mesMigrations);
      await fillReferenceMes(database, demosOf(landscape, 'MES'), clock);
      return createReferenceMes({ database, clock });
    },
    async qms() {
      const database = await storage.open<QmsTables>('qms', qmsMigrations);
      await fillReferenceQms(database, demosOf(landscape, 'QMS'), clock);
      return createReferenceQms({ database, clock });
    },
    async cmms() {
      const database = await storage.open<CmmsTables>('cmms', cmmsMigrations);
      await fillReferenceCmms(database, demosOf(landscape, 'CMMS'), clock);
      return createReferenceCmms({ database, clock });
    },
  };
}

function demosOf({ plants }: Landscape, system: SystemName) {
  const codes = plants.filter(({ systems }) => systems[system].demo).map(({ plantCode }) => plantCode);
  return demoPlants.filter(({ plantCode }) => codes.includes(plantCode));
}

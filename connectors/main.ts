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

/** The ports to every system of the landscape. */
export interface Systems {
  readonly erp: ErpPort;
  readonly mes: MesPort;
  readonly qms: QmsPort;
  readonly cmms: CmmsPort;
}

/** Opens the connectors that `landscape.yaml` names: each reference system on a store of its own, filled if it is a demo. */
export async function connectSystems(landscape: Landscape, storage: Storage, { clock }: Runtime): Promise<Systems> {
  const erp = await storage.open<ErpTables>('erp', erpMigrations);
  const mes = await storage.open<MesTables>('mes', mesMigrations);
  const qms = await storage.open<QmsTables>('qms', qmsMigrations);
  const cmms = await storage.open<CmmsTables>('cmms', cmmsMigrations);
  await fillReferenceErp(erp, demosOf(landscape, 'ERP'), clock);
  await fillReferenceMes(mes, demosOf(landscape, 'MES'), clock);
  await fillReferenceQms(qms, demosOf(landscape, 'QMS'), clock);
  await fillReferenceCmms(cmms, demosOf(landscape, 'CMMS'), clock);
  return {
    erp: createReferenceErp({ database: erp, clock }),
    mes: createReferenceMes({ database: mes, clock }),
    qms: createReferenceQms({ database: qms, clock }),
    cmms: createReferenceCmms({ database: cmms, clock }),
  };
}

function demosOf({ plants }: Landscape, system: SystemName) {
  const codes = plants.filter(({ systems }) => systems[system].demo).map(({ plantCode }) => plantCode);
  return demoPlants.filter(({ plantCode }) => codes.includes(plantCode));
}

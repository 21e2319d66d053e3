import type { Clock } from '../runtime/clock.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Database } from '../storage/database.ts';
import type { MigrationSet } from '../storage/migrate.ts';
import type { Storage } from '../storage/open-storage.ts';
import type { CmmsPort } from './cmms/port.ts';
import { cmmsReads } from './cmms/reads.ts';
import { createReferenceCmms } from './cmms/reference.ts';
import { fillReferenceCmms } from './cmms/reference-demo.ts';
import { cmmsMigrations } from './cmms/reference-migrations.ts';
import { type DemoPlant, demoPlants } from './demo-plant.ts';
import type { ErpPort } from './erp/port.ts';
import { erpReads } from './erp/reads.ts';
import { createReferenceErp } from './erp/reference.ts';
import { fillReferenceErp } from './erp/reference-demo.ts';
import { erpMigrations } from './erp/reference-migrations.ts';
import type { SystemName } from './errors.ts';
import { groupBy } from './group-by.ts';
import type { ConnectorNames, Landscape, PlantSettings } from './landscape.ts';
import type { MesPort } from './mes/port.ts';
import { mesReads } from './mes/reads.ts';
import { createReferenceMes } from './mes/reference.ts';
import { fillReferenceMes } from './mes/reference-demo.ts';
import { mesMigrations } from './mes/reference-migrations.ts';
import { createPlantRouter, type PlantRouterOptions } from './plant-router.ts';
import type { PostingPort, SystemCommand } from './posting.ts';
import type { QmsPort } from './qms/port.ts';
import { qmsReads } from './qms/reads.ts';
import { createReferenceQms } from './qms/reference.ts';
import { fillReferenceQms } from './qms/reference-demo.ts';
import { qmsMigrations } from './qms/reference-migrations.ts';

/** The ways to the systems of the landscape. Each opens what it needs when it is asked for: once in a process. */
export interface Connectors {
  erp(): Promise<ErpPort>;
  mes(): Promise<MesPort>;
  qms(): Promise<QmsPort>;
  cmms(): Promise<CmmsPort>;
}

/** The ports of systems that are open. */
export type Systems = { readonly [Name in keyof Connectors]: Awaited<ReturnType<Connectors[Name]>> };

/** Opens one system for the plants that share it. */
type Open<Port> = (place: SharedSystem) => Promise<Port>;

interface SharedSystem {
  readonly system: SystemName;
  readonly plants: readonly PlantSettings[];
  /** The store of a reference system. */
  readonly store: string;
  readonly storage: Storage;
  readonly clock: Clock;
}

/** The connectors that `landscape.yaml` can name, by system: a vendor's is one more line. */
const connectors = {
  ERP: { reference: openReference(erpMigrations, fillReferenceErp, createReferenceErp) },
  MES: { reference: openReference(mesMigrations, fillReferenceMes, createReferenceMes) },
  QMS: { reference: openReference(qmsMigrations, fillReferenceQms, createReferenceQms) },
  CMMS: { reference: openReference(cmmsMigrations, fillReferenceCmms, createReferenceCmms) },
} as const;

export const connectorNames: ConnectorNames = {
  ERP: Object.keys(connectors.ERP),
  MES: Object.keys(connectors.MES),
  QMS: Object.keys(connectors.QMS),
  CMMS: Object.keys(connectors.CMMS),
};

/** Each system of each plant as `landscape.yaml` says. */
export function createConnectors({ plants }: Landscape, storage: Storage, { clock }: Runtime): Connectors {
  const around = { plants, storage, clock };
  return {
    erp: () => connect<ErpPort>({ ...around, system: 'ERP', open: connectors.ERP, reads: erpReads }),
    mes: () => connect<MesPort>({ ...around, system: 'MES', open: connectors.MES, reads: mesReads }),
    qms: () => connect<QmsPort>({ ...around, system: 'QMS', open: connectors.QMS, reads: qmsReads }),
    cmms: () => connect<CmmsPort>({ ...around, system: 'CMMS', open: connectors.CMMS, reads: cmmsReads }),
  };
}

interface ConnectOptions<Port> extends Omit<SharedSystem, 'store'> {
  readonly open: Readonly<Record<string, Open<Port>>>;
  readonly reads: PlantRouterOptions<Port>['reads'];
}

/** Plants with the same connector and store have one system together. */
async function connect<Port extends PostingPort<never>>(options: ConnectOptions<Port>): Promise<Port> {
  const { system, plants, open, reads, storage, clock } = options;
  const ports = new Map<string, Port>();
  const shared = groupBy(plants, ({ systems }) => `${systems[system].connector} ${systems[system].store}`);
  for (const together of shared.values()) {
    const settings = together[0]?.systems[system];
    const openSystem = settings && open[settings.connector];
    if (!openSystem) throw new Error(`The landscape was read without the connectors of the ${system}.`);
    const port = await openSystem({ system, plants: together, store: settings.store, storage, clock });
    for (const { plantCode } of together) ports.set(plantCode, port);
  }
  return createPlantRouter<SystemCommand, Port & PostingPort<SystemCommand>>({ system, ports, reads });
}

/** A reference system on a store of its own, filled with what it owns of those plants that are demos. */
function openReference<Tables, Port>(
  migrations: MigrationSet,
  fill: (database: Database<Tables>, plants: readonly DemoPlant[], clock: Clock) => Promise<void>,
  create: (options: { readonly database: Database<Tables>; readonly clock: Clock }) => Port,
): Open<Port> {
  return async ({ system, plants, store, storage, clock }) => {
    const database = await storage.open<Tables>(store, migrations);
    const demos = plants.filter(({ systems }) => systems[system].demo).map(({ plantCode }) => plantCode);
    await fill(
      database,
      demoPlants.filter(({ plantCode }) => demos.includes(plantCode)),
      clock,
    );
    return create({ database, clock });
  };
}

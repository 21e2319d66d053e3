import { readYamlFile, type YamlSection } from '../runtime/yaml-file.ts';
import type { SystemName } from './errors.ts';

/** Which connector speaks to one system of one plant. */
export interface SystemSettings {
  /** One of the names that `connectors/main.ts` has for the system. */
  readonly connector: string;
  /** `reference`: the store that it keeps its data in. Plants that name the same store share one system. */
  readonly store: string;
  /** Whether an empty reference system is filled with the demo bottling plant. */
  readonly demo: boolean;
}

/** The connectors that there are, by system. */
export type ConnectorNames = Readonly<Record<SystemName, readonly string[]>>;

export interface PlantSettings {
  readonly plantCode: string;
  readonly name: string;
  readonly timeZone: string;
  readonly systems: Readonly<Record<SystemName, SystemSettings>>;
}

export interface Landscape {
  readonly plants: readonly PlantSettings[];
}

const systemNames: readonly SystemName[] = ['ERP', 'MES', 'QMS', 'CMMS'];

/** @throws ConfigFileError for everything that is wrong, with file, line and remedy */
export function readLandscape(file: string, connectors: ConnectorNames): Landscape {
  return readYamlFile(file, (root) => {
    root.expectOnly(['plants']);
    const plants = root.section('plants');
    const codes = plants.keys();
    if (codes.length === 0) plants.report(undefined, 'There is no plant.', 'Write a plant code below "plants".');
    return {
      plants: codes.filter((code) => hasSettings(plants, code)).map((code) => readPlant(plants, code, connectors)),
    };
  });
}

function hasSettings(plants: YamlSection, plantCode: string): boolean {
  if (plants.has(plantCode)) return true;
  const remedy = 'Write name, timeZone and systems below it, and a code of digits in quotes.';
  plants.report(plantCode, `Plant "${plantCode}" has no settings.`, remedy);
  return false;
}

function readPlant(plants: YamlSection, plantCode: string, connectors: ConnectorNames): PlantSettings {
  if (!/^[A-Za-z0-9_-]{1,20}$/.test(plantCode)) {
    plants.report(plantCode, `"${plantCode}" is no plant code.`, 'Write 1 to 20 letters, digits, - or _.');
  }
  const plant = plants.section(plantCode);
  plant.expectOnly(['name', 'timeZone', 'systems']);
  const systems = plant.section('systems');
  systems.expectOnly(systemNames);
  const settings = systemNames.map((name) => [name, readSystem(systems, name, connectors[name])] as const);
  return {
    plantCode,
    name: required(plant, 'name', 'Write what people call the plant.'),
    timeZone: readTimeZone(plant),
    systems: Object.fromEntries(settings) as PlantSettings['systems'],
  };
}

function readTimeZone(plant: YamlSection): string {
  const remedy = 'Write one of the IANA database, for example Europe/Berlin.';
  const zone = required(plant, 'timeZone', remedy);
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone || 'UTC' }).resolvedOptions().timeZone;
  } catch {
    plant.refuse('timeZone', zone, remedy);
    return zone;
  }
}

function readSystem(systems: YamlSection, name: SystemName, connectors: readonly string[]): SystemSettings {
  const system = systems.section(name);
  system.expectOnly(['connector', 'store', 'demo']);
  const remedy = `Write ${connectors.join(' or ')}.`;
  const connector = required(system, 'connector', remedy);
  if (connector !== '' && !connectors.includes(connector)) system.refuse('connector', connector, remedy);
  return { connector, store: readStore(system, name), demo: system.boolean('demo') ?? false };
}

/** A name of the user's comes after the system's: no two systems can get hold of one store. */
function readStore(system: YamlSection, name: SystemName): string {
  const store = system.string('store');
  if (store === undefined) return name.toLowerCase();
  if (!/^[a-z]{1,20}$/.test(store)) {
    system.refuse('store', store, 'Write the name of a store: 1 to 20 lower case letters, for example lyon.');
  }
  return `${name.toLowerCase()}_${store}`;
}

/** @returns an empty text where it is not given, which has been noted */
function required(section: YamlSection, key: string, remedy: string): string {
  if (!section.has(key)) section.report(undefined, `"${section.path}${key}" is missing.`, remedy);
  return section.string(key) ?? '';
}

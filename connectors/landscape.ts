import { readFileSync } from 'node:fs';
import { isMap, isScalar, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml';
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

/** `landscape.yaml` cannot be used: where, why, and what to write instead. */
export class LandscapeError extends Error {
  readonly code = 'LANDSCAPE_INVALID';

  constructor(file: string, line: number, problem: string) {
    super(`${file}:${line}: ${problem}`);
    this.name = 'LandscapeError';
  }
}

const systemNames: readonly SystemName[] = ['ERP', 'MES', 'QMS', 'CMMS'];

/** @throws LandscapeError for the first thing that is wrong, with file, line and remedy */
export function readLandscape(file: string, connectors: ConnectorNames): Landscape {
  return new LandscapeReader(file, readText(file), connectors).read();
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new LandscapeError(
      file,
      1,
      'cannot be read. Give the path of a landscape file in ANDON_LANDSCAPE, or restore landscape.yaml.',
    );
  }
}

class LandscapeReader {
  readonly #file: string;
  readonly #lines = new LineCounter();
  readonly #document;
  readonly #connectors: ConnectorNames;

  constructor(file: string, text: string, connectors: ConnectorNames) {
    this.#file = file;
    this.#connectors = connectors;
    this.#document = parseDocument(text, { lineCounter: this.#lines });
  }

  read(): Landscape {
    const [problem] = this.#document.errors;
    if (problem)
      throw new LandscapeError(
        this.#file,
        problem.linePos?.[0].line ?? 1,
        `is not YAML: ${firstLine(problem.message)}`,
      );
    const top = this.#map(this.#document.contents, 'the file must have `plants:` with a plant code under it');
    this.#knownKeys(top, ['plants']);
    const plants = this.#map(top.get('plants', true), '`plants:` must have at least one plant code under it');
    if (plants.items.length === 0) this.#fail(plants, '`plants:` must have at least one plant code under it');
    return { plants: plants.items.map(({ key, value }) => this.#plant(key as Node, value as Node)) };
  }

  #plant(key: Node, value: Node): PlantSettings {
    const plantCode = this.#text(key, 'a plant code is text');
    if (!/^[A-Za-z0-9_-]{1,20}$/.test(plantCode))
      this.#fail(key, `plant code ${plantCode} must be 1 to 20 letters, digits, - or _`);
    const plant = this.#map(value, `plant ${plantCode} needs \`name\`, \`timeZone\` and \`systems\``);
    this.#knownKeys(plant, ['name', 'timeZone', 'systems']);
    const systems = this.#map(
      plant.get('systems', true),
      `plant ${plantCode} needs \`systems:\` with ${systemNames.join(', ')}`,
    );
    this.#knownKeys(systems, systemNames);
    return {
      plantCode,
      name: this.#text(plant.get('name', true), `plant ${plantCode} needs a \`name\``, plant),
      timeZone: this.#timeZone(plant, plantCode),
      systems: Object.fromEntries(
        systemNames.map((name) => [name, this.#system(systems, plantCode, name)]),
      ) as PlantSettings['systems'],
    };
  }

  #timeZone(plant: YAMLMap, plantCode: string): string {
    const node = plant.get('timeZone', true);
    const zone = this.#text(node, `plant ${plantCode} needs a \`timeZone\`, for example Europe/Berlin`, plant);
    try {
      return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone;
    } catch {
      return this.#fail(node as Node, `${zone} is no time zone of the IANA database; write for example Europe/Berlin`);
    }
  }

  #system(systems: YAMLMap, plantCode: string, name: SystemName): SystemSettings {
    const node = systems.get(name, true) as Node | undefined;
    const system = this.#map(
      node,
      `plant ${plantCode} needs a connector for ${name}, for example \`${name}: { connector: reference }\``,
      systems,
    );
    this.#knownKeys(system, ['connector', 'store', 'demo']);
    const connectorNode = system.get('connector', true);
    const connector = this.#text(
      connectorNode,
      `${name} of plant ${plantCode} needs \`connector\`: ${this.#connectors[name].join(' or ')}`,
      system,
    );
    if (!this.#connectors[name].includes(connector)) {
      const known = this.#connectors[name].join(', ');
      this.#fail(connectorNode as Node, `there is no connector ${connector} for ${name}; there is ${known}`);
    }
    const demo = system.get('demo') ?? false;
    if (typeof demo !== 'boolean') this.#fail(system, '`demo` is true or false');
    return { connector, store: this.#store(system, name), demo };
  }

  /** A name of the user's comes after the system's: no two systems can get hold of one store. */
  #store(system: YAMLMap, name: SystemName): string {
    const node = system.get('store', true);
    if (node === undefined) return name.toLowerCase();
    const problem = '`store` is the name of a store: 1 to 20 lower case letters, for example `store: lyon`';
    const store = this.#text(node, problem);
    if (!/^[a-z]{1,20}$/.test(store)) this.#fail(node as Node, problem);
    return `${name.toLowerCase()}_${store}`;
  }

  #map(node: unknown, problem: string, near?: Node): YAMLMap {
    return isMap(node) ? node : this.#fail((node as Node | undefined) ?? near, problem);
  }

  #text(node: unknown, problem: string, near?: Node): string {
    const value = isScalar(node) ? node.value : undefined;
    if (typeof value === 'string' && value !== '') return value;
    return this.#fail((node as Node | undefined) ?? near, problem);
  }

  #knownKeys(map: YAMLMap, known: readonly string[]): void {
    for (const { key } of map.items) {
      const name = isScalar(key) ? String(key.value) : '';
      if (!known.includes(name))
        this.#fail(key as Node, `\`${name}\` is not known here; known are ${known.join(', ')}`);
    }
  }

  #fail(node: Node | null | undefined, problem: string): never {
    const offset = node?.range?.[0] ?? 0;
    throw new LandscapeError(this.#file, this.#lines.linePos(offset).line, `${problem}.`);
  }
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? text;
}

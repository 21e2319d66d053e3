import { readFileSync } from 'node:fs';
import { isMap, isScalar, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml';
import type { SystemName } from './errors.ts';

/** Which connector speaks to one system of one plant. */
export interface SystemSettings {
  readonly connector: 'reference';
  /** Whether an empty reference system is filled with the demo bottling plant. */
  readonly demo: boolean;
}

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
const connectorNames = ['reference'];

/** @throws LandscapeError for the first thing that is wrong, with file, line and remedy */
export function readLandscape(file: string): Landscape {
  return new LandscapeReader(file, readText(file)).read();
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

  constructor(file: string, text: string) {
    this.#file = file;
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
    this.#knownKeys(system, ['connector', 'demo']);
    const connectorNode = system.get('connector', true);
    const connector = this.#text(
      connectorNode,
      `${name} of plant ${plantCode} needs \`connector\`: ${connectorNames.join(' or ')}`,
      system,
    );
    if (connector !== 'reference')
      this.#fail(connectorNode as Node, `there is no connector ${connector}; there is ${connectorNames.join(', ')}`);
    const demo = system.get('demo') ?? false;
    if (typeof demo !== 'boolean') this.#fail(system, '`demo` is true or false');
    return { connector: 'reference', demo: demo === true };
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

import { readFileSync } from 'node:fs';
import { isMap, isScalar, isSeq, LineCounter, type Pair, parseDocument, type YAMLMap } from 'yaml';

/** A configuration file that cannot be used: says where and what to do. */
export class ConfigFileError extends Error {
  readonly code = 'CONFIG_INVALID';
  readonly file: string;
  readonly line: number;

  constructor(file: string, line: number, problem: string, remedy: string) {
    super(`${file}:${line}: ${problem} ${remedy}`);
    this.name = 'ConfigFileError';
    this.file = file;
    this.line = line;
  }
}

/** One mapping of a YAML file, read key by key; every refusal names the line. */
export class YamlSection {
  readonly #file: string;
  readonly #lines: LineCounter;
  readonly #map: YAMLMap | undefined;
  readonly #path: string;

  constructor(file: string, lines: LineCounter, map: YAMLMap | undefined, path: string) {
    this.#file = file;
    this.#lines = lines;
    this.#map = map;
    this.#path = path;
  }

  keys(): readonly string[] {
    return (this.#map?.items ?? []).map((pair) => keyOf(pair));
  }

  /** Refuses every key that is not listed: a misspelt option must not pass for a default. */
  refuseUnknown(known: readonly string[]): void {
    const unknown = this.keys().find((key) => !known.includes(key));
    if (unknown === undefined) return;
    throw this.error(unknown, `Unknown key "${this.#path}${unknown}".`, `Known here: ${known.join(', ')}.`);
  }

  string(key: string): string | undefined {
    const value = this.#scalar(key);
    if (value === undefined) return undefined;
    if (typeof value === 'string' && value !== '') return value;
    throw this.error(key, `"${this.#path}${key}" must be text.`, 'Write a non-empty string.');
  }

  boolean(key: string): boolean | undefined {
    const value = this.#scalar(key);
    if (value === undefined || typeof value === 'boolean') return value;
    throw this.error(key, `"${this.#path}${key}" must be true or false.`, 'Write true or false without quotes.');
  }

  integer(key: string, min: number, max: number): number | undefined {
    const value = this.#scalar(key);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
    throw this.error(key, `"${this.#path}${key}" is out of range.`, `Write a whole number from ${min} to ${max}.`);
  }

  /** One string or a list of strings, as a list. */
  strings(key: string): readonly string[] | undefined {
    const node = this.#map?.get(key, true);
    if (!isSeq(node)) {
      const one = this.string(key);
      return one === undefined ? undefined : [one];
    }
    return node.items.map((item) => {
      if (isScalar(item) && typeof item.value === 'string' && item.value !== '') return item.value;
      throw this.error(key, `"${this.#path}${key}" must be a list of texts.`, 'Write one string per item.');
    });
  }

  section(key: string): YamlSection {
    const node: unknown = this.#map?.get(key, true);
    const empty = node === undefined || (isScalar(node) && node.value === null);
    if (!empty && !isMap(node)) {
      throw this.error(key, `"${this.#path}${key}" must be a mapping.`, 'Indent its keys below it.');
    }
    return new YamlSection(this.#file, this.#lines, isMap(node) ? node : undefined, `${this.#path}${key}.`);
  }

  error(key: string | undefined, problem: string, remedy: string): ConfigFileError {
    return new ConfigFileError(this.#file, this.lineOf(key), problem, remedy);
  }

  /** The line of `key`, or of the section itself. */
  lineOf(key?: string): number {
    const pair = this.#map?.items.find((item) => key !== undefined && keyOf(item) === key);
    const offset = (isScalar(pair?.key) ? pair.key.range?.[0] : undefined) ?? this.#map?.range?.[0] ?? 0;
    return this.#lines.linePos(offset).line;
  }

  #scalar(key: string): unknown {
    const node: unknown = this.#map?.get(key, true);
    if (node === undefined) return undefined;
    if (!isScalar(node)) throw this.error(key, `"${this.#path}${key}" must be one value.`, 'Remove the nesting.');
    return node.value ?? undefined;
  }
}

const keyOf = (pair: Pair): string => (isScalar(pair.key) ? String(pair.key.value) : '');

/** @throws ConfigFileError where the file is missing, is not YAML or is not a mapping */
export function readYamlFile(file: string): YamlSection {
  const lines = new LineCounter();
  const document = parseDocument(readText(file), { lineCounter: lines, uniqueKeys: true });
  const broken = document.errors[0];
  if (broken) {
    const problem = `Not valid YAML: ${broken.message.split('\n')[0]?.replace(/ at line.*$/, '')}.`;
    throw new ConfigFileError(file, lines.linePos(broken.pos[0]).line, problem, 'Correct the syntax at this line.');
  }
  const root: unknown = document.contents;
  if (root !== null && !isMap(root)) throw new ConfigFileError(file, 1, 'Not a mapping.', 'Write "key: value" lines.');
  return new YamlSection(file, lines, isMap(root) ? root : undefined, '');
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unreadable';
    throw new ConfigFileError(file, 1, `The file cannot be read (${reason}).`, 'Check the path and its permissions.');
  }
}

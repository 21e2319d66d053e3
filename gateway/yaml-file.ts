import { readFileSync } from 'node:fs';
import { isMap, isScalar, isSeq, LineCounter, type Pair, parseDocument, visit, type YAMLMap } from 'yaml';
import { errorCode } from './error-code.ts';

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
    return this.#scalar(key, 'Write text, in quotes where it looks like a number, true, false or null.', isText);
  }

  /** A version: text, or what YAML takes for a number, such as 2. */
  version(key: string): string | undefined {
    const isVersion = (value: unknown): value is string | number => isText(value) || typeof value === 'number';
    return this.#scalar(key, 'Write a version, in quotes.', isVersion)?.toString();
  }

  boolean(key: string): boolean | undefined {
    return this.#scalar(key, 'Write true or false, without quotes.', isBoolean);
  }

  integer(key: string, min: number, max: number): number | undefined {
    const isInRange = (value: unknown): value is number =>
      Number.isInteger(value) && min <= Number(value) && Number(value) <= max;
    return this.#scalar(key, `Write a whole number from ${min} to ${max}, without quotes.`, isInRange);
  }

  /** One of `choices`. */
  choice<T extends string>(key: string, choices: readonly T[]): T | undefined {
    const isChoice = (value: unknown): value is T => choices.some((choice) => choice === value);
    return this.#scalar(key, `Write ${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}.`, isChoice);
  }

  /** One string or a list of strings, as a list. */
  strings(key: string): readonly string[] | undefined {
    const node = this.#map?.get(key, true);
    const items = isSeq(node) ? node.items : isNothing(node) ? undefined : [node];
    return items?.map((item) => {
      if (isScalar(item) && isText(item.value)) return item.value;
      throw this.refuse(key, item, 'Write text, or a list of texts.');
    });
  }

  section(key: string): YamlSection {
    const node: unknown = this.#map?.get(key, true);
    if (!isNothing(node) && !isMap(node)) throw this.refuse(key, node, 'Write its keys below it, indented.');
    return new YamlSection(this.#file, this.#lines, isMap(node) ? node : undefined, `${this.#path}${key}.`);
  }

  /** A value that is not what it has to be: names the option, what is given, and what is wanted. */
  refuse(key: string, given: unknown, remedy: string): ConfigFileError {
    return this.error(key, `"${this.#path}${key}" is ${describe(given)}.`, remedy);
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

  /** @returns undefined where nothing is given */
  #scalar<T>(key: string, remedy: string, isWanted: (value: unknown) => value is T): T | undefined {
    const node: unknown = this.#map?.get(key, true);
    if (isNothing(node)) return undefined;
    if (isScalar(node) && isWanted(node.value)) return node.value;
    throw this.refuse(key, node, remedy);
  }
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean';

/** A key without a value stands for its default. */
const isNothing = (node: unknown): boolean => node === undefined || (isScalar(node) && node.value === null);

/** Of a value that was given: enough to find it again. */
const maxShown = 60;

function describe(given: unknown): string {
  const value = isScalar(given) ? given.value : given;
  if (isMap(value)) return 'a mapping';
  if (isSeq(value)) return 'a list';
  if (value === '') return 'empty';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > maxShown ? `${text.slice(0, maxShown)}…` : text;
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
  // Aliases of aliases would repeat a value millions of times, one in itself for ever.
  const repeating = new Set<unknown>();
  visit(document, {
    Alias(_key, alias, path) {
      for (const parent of path) repeating.add(parent);
      const node = alias.resolve(document);
      if (node && !repeating.has(node)) return node;
      const line = lines.linePos(alias.range?.[0] ?? 0).line;
      const problem = `The alias "*${alias.source}" repeats what has an alias in it.`;
      throw new ConfigFileError(file, line, problem, 'Write the value itself.');
    },
  });
  const root: unknown = document.contents;
  if (root !== null && !isMap(root)) throw new ConfigFileError(file, 1, 'Not a mapping.', 'Write "key: value" lines.');
  return new YamlSection(file, lines, isMap(root) ? root : undefined, '');
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const reason = errorCode(cause) ?? 'unreadable';
    throw new ConfigFileError(file, 1, `The file cannot be read (${reason}).`, 'Check the path and its permissions.');
  }
}

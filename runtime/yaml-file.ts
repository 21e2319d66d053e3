import { readFileSync } from 'node:fs';
import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
  type YAMLParseError,
} from 'yaml';
import { errorCode } from './error-code.ts';
import { didYouMean } from './nearest-names.ts';

/** One thing that is wrong in a file: what, and what to write instead. */
export interface Mistake {
  readonly line: number;
  readonly problem: string;
  readonly remedy: string;
}

/** A configuration file that cannot be used: says everything that is wrong with it, in the order of its lines. */
export class ConfigFileError extends Error {
  readonly code = 'CONFIG_INVALID';
  readonly file: string;
  readonly mistakes: readonly Mistake[];

  constructor(file: string, mistakes: readonly Mistake[]) {
    const inOrder = mistakes.toSorted((a, b) => a.line - b.line);
    const told = inOrder.map(({ line, problem, remedy }) => `${file}:${line}: ${problem} ${remedy}`);
    super(told.length === 1 ? told[0] : [`${file} has ${told.length} mistakes.`, ...told].join('\n'));
    this.name = 'ConfigFileError';
    this.file = file;
    this.mistakes = inOrder;
  }
}

/** What the sections of one file have in common. */
interface Reading {
  readonly lines: LineCounter;
  readonly mistakes: Mistake[];
}

/**
 * One mapping of a YAML file, read key by key. What is wrong is noted and read as if it were not there, so that all
 * mistakes are told at once.
 */
export class YamlSection {
  readonly #reading: Reading;
  readonly #map: YAMLMap | undefined;
  /** Of its keys: empty at the top of the file, else with a dot at its end. */
  readonly path: string;
  /** Where its mistakes are told that are about no key of it. */
  readonly #line: number;
  /** It is no mapping, which has been told: nothing in it is missing. */
  readonly #isWrong: boolean;

  constructor(reading: Reading, { map, path = '', line = 1, isWrong = false }: SectionPlace) {
    this.#reading = reading;
    this.#map = map;
    this.path = path;
    this.#line = line;
    this.#isWrong = isWrong;
  }

  keys(): readonly string[] {
    return (this.#map?.items ?? []).map((pair) => keyOf(pair));
  }

  /** Whether the key has a value, of whatever type. */
  has(key: string): boolean {
    return !isNothing(this.#map?.get(key, true));
  }

  /** Every key has to be one of these: a misspelt option must not pass for a default. */
  expectOnly(known: readonly string[]): void {
    for (const key of this.keys()) {
      if (known.includes(key)) continue;
      this.report(
        key,
        `Unknown key "${this.path}${key}".${didYouMean(key, known)}`,
        `Known here: ${known.join(', ')}.`,
      );
    }
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

  /** A number from 0 to 1. */
  fraction(key: string): number | undefined {
    const isInRange = (value: unknown): value is number => typeof value === 'number' && 0 <= value && value <= 1;
    return this.#scalar(key, 'Write a number from 0 to 1, without quotes.', isInRange);
  }

  /** One of `choices`. */
  choice<T extends string>(key: string, choices: readonly T[]): T | undefined {
    const isChoice = (value: unknown): value is T => choices.some((choice) => choice === value);
    return this.#scalar(key, `Write ${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}.`, isChoice);
  }

  /** One string or a list of strings, as a list. */
  strings(key: string): readonly string[] | undefined {
    const node = this.#map?.get(key, true);
    if (isNothing(node)) return undefined;
    const items: readonly unknown[] = isSeq(node) ? node.items : [node];
    const texts = items.flatMap((item) => (isScalar(item) && isText(item.value) ? item.value : []));
    if (texts.length === items.length) return texts;
    this.refuse(
      key,
      items.find((item) => !(isScalar(item) && isText(item.value))),
      'Write text, or a list of texts.',
    );
    return texts;
  }

  section(key: string): YamlSection {
    const node: unknown = this.#map?.get(key, true);
    const place = { path: `${this.path}${key}.`, line: this.#lineOf(key) };
    if (isMap(node)) return new YamlSection(this.#reading, { ...place, map: node });
    const isWrong = this.#isWrong || !isNothing(node);
    if (!isNothing(node)) this.refuse(key, node, 'Write its keys below it, indented.');
    return new YamlSection(this.#reading, { ...place, map: undefined, isWrong });
  }

  /** Notes a value that is not what it has to be: names the option, what is given, and what is wanted. */
  refuse(key: string, given: unknown, remedy: string): void {
    this.report(key, `"${this.path}${key}" is ${describe(given)}.`, remedy);
  }

  /** Notes each text of a list that is not what the list is of. */
  refuseItems(key: string, items: readonly string[], { isFit, what, remedy }: ItemRule): void {
    for (const item of items) {
      if (!isFit(item)) this.report(key, `"${item}" in "${this.path}${key}" is no ${what}.`, remedy);
    }
  }

  /** Notes a mistake at the line of `key`, or of the section itself. */
  report(key: string | undefined, problem: string, remedy: string): void {
    if (!this.#isWrong) this.#reading.mistakes.push({ line: this.#lineOf(key), problem, remedy });
  }

  #lineOf(key: string | undefined): number {
    const pair = this.#map?.items.find((item) => key !== undefined && keyOf(item) === key);
    const offset = isScalar(pair?.key) ? pair.key.range?.[0] : undefined;
    return offset === undefined ? this.#line : this.#reading.lines.linePos(offset).line;
  }

  /** @returns undefined where nothing is given, or something else */
  #scalar<T>(key: string, remedy: string, isWanted: (value: unknown) => value is T): T | undefined {
    const node: unknown = this.#map?.get(key, true);
    if (isNothing(node)) return undefined;
    if (isScalar(node) && isWanted(node.value)) return node.value;
    this.refuse(key, node, remedy);
    return undefined;
  }
}

export interface ItemRule {
  readonly isFit: (item: string) => boolean;
  /** What each has to be: "host name". */
  readonly what: string;
  readonly remedy: string;
}

interface SectionPlace {
  readonly map: YAMLMap | undefined;
  readonly path?: string;
  readonly line?: number;
  readonly isWrong?: boolean;
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

/**
 * Reads a file that is one mapping.
 * @throws ConfigFileError it is missing, is not YAML or is not a mapping, or `read` has noted mistakes
 */
export function readYamlFile<T>(file: string, read: (root: YamlSection) => T): T {
  const lines = new LineCounter();
  const text = readText(file);
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const lineAt = (offset: number) => lines.linePos(offset).line;
  const broken = document.errors.filter(({ code }) => code !== 'DUPLICATE_KEY');
  if (broken.length > 0)
    throw new ConfigFileError(file, firstOfEachLine(broken.map((error) => notYaml(error, lineAt))));
  const mistakes = document.errors.map(({ pos: [start] }) => repeatedKey(lineAt(start), text.slice(start)));
  refuseEndlessAliases(file, document, lineAt);
  const root: unknown = document.contents;
  if (root !== null && !isMap(root)) throw new ConfigFileError(file, [noMapping]);
  const value = read(new YamlSection({ lines, mistakes }, { map: isMap(root) ? root : undefined }));
  if (mistakes.length > 0) throw new ConfigFileError(file, mistakes);
  return value;
}

const noMapping: Mistake = { line: 1, problem: 'Not a mapping.', remedy: 'Write "key: value" lines.' };

function notYaml({ message, pos }: YAMLParseError, lineAt: (offset: number) => number): Mistake {
  const problem = `Not valid YAML: ${message.split('\n')[0]?.replace(/ at line.*$/, '')}.`;
  return { line: lineAt(pos[0]), problem, remedy: 'Correct the syntax at this line.' };
}

/** What follows on the same line mostly follows from the first. */
const firstOfEachLine = (mistakes: readonly Mistake[]) =>
  mistakes.filter(({ line }, index) => mistakes.findIndex((other) => other.line === line) === index);

function repeatedKey(line: number, text: string): Mistake {
  const key = /^["']?([^"':\n]*)/.exec(text)?.[1] ?? '';
  return { line, problem: `The key "${key.trim()}" is given twice.`, remedy: 'Leave one of the two out.' };
}

/** Aliases of aliases would repeat a value millions of times, one in itself for ever. @throws ConfigFileError */
function refuseEndlessAliases(file: string, document: Document, lineAt: (offset: number) => number): void {
  const repeating = new Set<unknown>();
  visit(document, {
    Alias(_key, alias, path) {
      for (const parent of path) repeating.add(parent);
      const node = alias.resolve(document);
      if (node && !repeating.has(node)) return node;
      const problem = `The alias "*${alias.source}" repeats what has an alias in it.`;
      throw new ConfigFileError(file, [
        { line: lineAt(alias.range?.[0] ?? 0), problem, remedy: 'Write the value itself.' },
      ]);
    },
  });
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const problem = `The file cannot be read (${errorCode(cause) ?? 'unreadable'}).`;
    throw new ConfigFileError(file, [{ line: 1, problem, remedy: 'Check the path and its permissions.' }]);
  }
}

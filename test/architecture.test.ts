import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const outside = new Set(['node_modules', 'dist', 'test', 'bench', 'docs']);

interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly { readonly target: string; readonly typeOnly: boolean }[];
}

function sourcePaths(folder = root): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith('.') || (folder === root && outside.has(entry.name))) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sourcePaths(path);
    return /\.(ts|mjs)$/.test(entry.name) ? [relative(root, path)] : [];
  });
}

const importPattern = /^(import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|\bimport\('([^']+)'\)/gms;

function readSource(path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8');
  const imports = [...text.matchAll(importPattern)].flatMap(([, , type, from, lazy]) => {
    const specifier = from ?? lazy ?? '';
    const target = specifier.startsWith('.') ? relative(root, resolve(root, dirname(path), specifier)) : specifier;
    return target === '' ? [] : [{ target, typeOnly: type !== undefined }];
  });
  return { path, text, imports };
}

const files = sourcePaths().map(readSource);
const isInternal = (target: string) => /\.(ts|mjs)$/.test(target);
/** These wire things together, so they may import anything. */
const isWiring = (path: string) => !path.includes('/') || path.endsWith('/main.ts');
/** The one place that knows OpenTelemetry. */
const tracer = 'gateway/telemetry/otlp-tracer.ts';
const inTracer = (name: string) => [`@opentelemetry/${name}`, [tracer]] as const;
const packageOf = (target: string) =>
  target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/');

/** What Andon keeps itself has a port like every system; the workflows are behind it. */
const exceptionPort = ['type:connectors/ops/port.ts', 'type:connectors/posting.ts'];

/** Folders of the gateway that wrap what other folders have, which in turn name their types. */
const looksAtAll = new Set(['telemetry', 'fallback-engine']);

/** What the domains have in common, apart from them. */
const subgraphStages = ['schema', 'reading', 'transitions', 'serving'].map((name) => `subgraphs/${name}/`);

/** From the first matching folder: what its files may import from inside the project. `type:` allows types only. */
const allowed: readonly (readonly [folder: string, targets: readonly string[]])[] = [
  ['runtime/', ['runtime/']],
  ['storage/', ['storage/', 'runtime/']],
  ['auth/', ['auth/', 'runtime/']],
  ['journal/', ['journal/', 'runtime/', 'type:storage/']],
  ['connectors/', ['connectors/', 'runtime/', 'type:storage/']],
  ['policies/', ['policies/', 'runtime/', 'type:auth/principal.ts']],
  ['gateway/', ['gateway/', 'runtime/', 'type:auth/principal.ts']],
  ...['erp', 'mes', 'qms', 'cmms', 'ops'].map((domain) => domainRule(domain)),
  ['subgraphs/', ['subgraphs/*', ...subgraphStages, 'runtime/', 'journal/', 'auth/', 'type:policies/', 'connectors/*']],
  ['workflows/', ['workflows/', 'runtime/', 'journal/', 'type:storage/', 'type:auth/principal.ts', ...exceptionPort]],
];

function domainRule(domain: string): readonly [string, readonly string[]] {
  const own = [`subgraphs/${domain}/`, `type:connectors/${domain}/port.ts`];
  return [
    `subgraphs/${domain}/`,
    [
      ...own,
      'subgraphs/*',
      'subgraphs/transitions/',
      'subgraphs/reading/',
      'subgraphs/schema/',
      'connectors/*',
      'journal/',
      'runtime/',
      'auth/principal.ts',
      'type:policies/',
    ],
  ];
}

function mayImport(rule: string, target: string, typeOnly: boolean): boolean {
  if (rule.startsWith('type:')) return typeOnly && mayImport(rule.slice(5), target, typeOnly);
  if (rule.endsWith('/*')) return dirname(target) === rule.slice(0, -2);
  return rule.endsWith('/') ? target.startsWith(rule) : target === rule;
}

describe('the structure of the project', () => {
  test('every folder imports only what the design lets it', () => {
    const wrong = files.flatMap(({ path, imports }) => {
      const rule = allowed.find(([folder]) => path.startsWith(folder));
      if (!rule || isWiring(path)) return [];
      return imports
        .filter(
          ({ target, typeOnly }) => isInternal(target) && !rule[1].some((one) => mayImport(one, target, typeOnly)),
        )
        .map(({ target }) => `${path} imports ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  test('no files import each other in a circle', () => {
    const graph = new Map(
      files.map(({ path, imports }) => [path, imports.map(({ target }) => target).filter(isInternal)]),
    );
    expect(findCycle(graph)).toEqual([]);
  });

  test('the folders of the gateway import each other in one direction only', () => {
    const folderOf = (path: string) => /^gateway\/([^/]+)\//.exec(path)?.[1];
    const graph = new Map<string, string[]>();
    for (const { path, imports } of files) {
      const from = folderOf(path);
      for (const { target } of imports) {
        const to = folderOf(target);
        if (from === undefined || to === undefined || from === to) continue;
        if (!looksAtAll.has(from)) graph.set(from, [...(graph.get(from) ?? []), to]);
      }
    }
    expect(findCycle(graph)).toEqual([]);
  });

  test('a folder inside of a folder and the files beside it import each other in one direction only', () => {
    const own = (path: string) => /^(gateway\/[^/]+|subgraphs)\/[^/]+(?=\/)/.exec(path)?.[0] ?? path;
    const graph = new Map<string, string[]>();
    for (const { path, imports } of files) {
      const targets = imports.map(({ target }) => own(target)).filter((target) => target !== own(path));
      graph.set(own(path), [...(graph.get(own(path)) ?? []), ...targets]);
    }
    expect(findCycle(graph)).toEqual([]);
  });

  test("the gateway's README lists its folders, each with a file that it has", () => {
    const rows = [
      ...readFileSync(join(root, 'gateway/README.md'), 'utf8').matchAll(/^\| `([^`]+)\/`.*\| (?:`(.*)` )?\|$/gm),
    ];
    const folders = readdirSync(join(root, 'gateway'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(rows.map(([, folder]) => folder).sort()).toEqual(folders.map(({ name }) => name).sort());
    const missing = rows.filter(([, folder, file]) => file && !existsSync(join(root, 'gateway', `${folder}/${file}`)));
    expect(missing.map(([row]) => row)).toEqual([]);
  });

  test('each third party is known to one place', () => {
    const homes: Readonly<Record<string, readonly string[]>> = {
      jsonwebtoken: ['auth/'],
      dataloader: ['subgraphs/reading/loader.ts'],
      libsql: ['storage/'],
      pg: ['storage/', 'journal/'],
      kysely: ['storage/', 'journal/', 'connectors/', 'workflows/'],
      '@apollo/server': ['gateway/'],
      '@apollo/gateway': ['gateway/fallback-engine/'],
      '@apollo/composition': ['gateway/supergraph/'],
      '@apollo/subgraph': [],
      '@graphql-hive/router-query-planner': ['gateway/planning/planners/'],
      '@graphql-yoga/render-graphiql': ['gateway/'],
      '@cedar-policy/cedar-wasm': ['policies/'],
      ...Object.fromEntries(['api', 'exporter-trace-otlp-http', 'resources', 'sdk-trace'].map(inTracer)),
      undici: ['gateway/subgraph-client/', 'subgraphs/remote-graph.ts', 'connectors/'],
    };
    const wrong = files.flatMap(({ path, imports }) =>
      imports
        .filter(
          ({ target }) => homes[packageOf(target)] && !homes[packageOf(target)]?.some((home) => path.startsWith(home)),
        )
        .map(({ target }) => `${path} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test('the libraries of what is off by default are loaded where it is switched on', () => {
    const parts = ['gateway/telemetry/metrics.ts', tracer];
    const early = files.flatMap(({ path, text }) =>
      [...text.matchAll(/^import (?!type\b)[^;]*?from '([^']+)'/gm)]
        .filter(([, from = '']) => parts.includes(relative(root, resolve(root, dirname(path), from))))
        .map(([line]) => `${path}: ${line}`),
    );
    expect(early).toEqual([]);
  });

  test('the environment is read in config files only', () => {
    const readers = files.filter(({ text }) => /\bprocess\.env\b/.test(text)).map(({ path }) => path);
    expect(readers.filter((path) => !path.endsWith('config.ts'))).toEqual([]);
  });

  test('nothing in the core takes time, chance or timers but from the runtime', () => {
    const bare = /\b(Date\.now|Math\.random|setTimeout|setInterval|console\.\w+)\(/;
    const core = files.filter(
      ({ path }) => path.includes('/') && !path.startsWith('runtime/') && !isWiring(path) && path.endsWith('.ts'),
    );
    const wrong = core.flatMap(({ path, text }) =>
      withoutComments(text)
        .split('\n')
        .filter((line) => bare.test(line))
        .map((line) => `${path}: ${line.trim()}`),
    );
    expect(wrong).toEqual([]);
  });

  test('what the log tells of has its name in words', () => {
    const named = /\blog\.(?:debug|info|warn|error)\(\s*'([^']*)'/g;
    const wrong = files.flatMap(({ path, text }) =>
      [...text.matchAll(named)].flatMap(([, event = '']) =>
        /^[a-z][a-z ,:@]*$/.test(event) ? [] : `${path}: ${event}`,
      ),
    );
    expect(wrong).toEqual([]);
  });

  test('sibling domains have the same files', () => {
    const roles = ['schema.graphql', 'index.ts', 'entities.ts', 'queries.ts', 'transitions.ts', 'subscriptions.ts'];
    const missing = ['erp', 'mes', 'qms', 'cmms', 'ops'].flatMap((domain) =>
      roles.map((role) => `subgraphs/${domain}/${role}`).filter((path) => !existsSync(join(root, path))),
    );
    const ports = ['erp', 'mes', 'qms', 'cmms'].flatMap((domain) =>
      ['port.ts', 'reference.ts']
        .map((role) => `connectors/${domain}/${role}`)
        .filter((path) => !existsSync(join(root, path))),
    );
    expect([...missing, ...ports]).toEqual([]);
  });

  test('nothing is left to do later, and nothing refers to a machine', () => {
    const marks = /\b(TODO|FIXME)\b|\.\.\/shared\/|\/work\//;
    expect(files.filter(({ text }) => marks.test(text)).map(({ path }) => path)).toEqual([]);
  });
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');
}

/** @returns the files of one circle in order, or an empty list */
function findCycle(graph: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const done = new Set<string>();
  const walk = (path: string, trail: readonly string[]): readonly string[] => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return [];
    for (const next of graph.get(path) ?? []) {
      const cycle = walk(next, [...trail, path]);
      if (cycle.length > 0) return cycle;
    }
    done.add(path);
    return [];
  };
  for (const path of graph.keys()) {
    const cycle = walk(path, []);
    if (cycle.length > 0) return cycle;
  }
  return [];
}

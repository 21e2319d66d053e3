import type { ContextValue, EntityFetchNode, EntityGroup, PathStep } from '../../planning/plan.ts';
import type { TypeIndex } from '../../supergraph/load-supergraph.ts';
import { Failure, notAsked, withoutSteps } from '../failure.ts';
import { isResponseObject, type ResponseObject, typenameOf } from '../response-data.ts';
import type { Run } from '../run.ts';
import type { Step } from '../step.ts';
import type { ExecutionScope } from './call-subgraph.ts';
import { onlyFieldsOf, repeated, withoutFieldsOf } from './context-request.ts';
import { compileEntityCall } from './fetch-entities.ts';
import { markMissing, readShapes, renameShapes } from './shape.ts';

/** Values that one request may ask with; more are asked in several. */
const maxValues = 32;

/**
 * Compiles a fetch of entity fields with arguments from a context (@fromContext): one `_entities` for each combination of
 * values that objects above the entities have, all in one request.
 */
export function compileContextFetch(
  node: EntityFetchNode,
  context: readonly ContextValue[],
  scope: ExecutionScope,
): Step {
  const [group] = node.groups;
  if (!group) throw new Error('A fetch of entities has a group.');
  const names = [...new Set(context.map(({ variable }) => variable))];
  const shapesOf = remember((name: string) => {
    const asked = onlyFieldsOf(node, name);
    const shapes = asked ? readShapes(asked.request.operation, scope.types).get(group.alias) : undefined;
    return renameShapes(shapes ?? [], group.outputRewrites);
  });
  const reading: Reading = { context, names, types: scope.types };
  const callsWithout = remember((failed: string) =>
    compileCalls(node, { all: names, failed: failed === '' ? [] : failed.split(' ') }, scope),
  );
  return async (run) => {
    const requests: (Promise<void> | undefined)[] = [];
    const lacking: LackingValue[] = [];
    for (const [failed, found] of entitiesByContext(run.root, group, reading, lacking)) {
      const calls = callsWithout(failed);
      if (calls) requests.push(...calls([...found.values()], run));
    }
    await Promise.all(requests);
    // As for what a representation lacks: the fields fail with it.
    for (const { entity, name, failure } of lacking) {
      markMissing(entity, shapesOf(name), () => (failure === notAsked ? failure : withoutSteps(failure)));
    }
  };
}

/** An entity for which a variable has no value. */
interface LackingValue {
  readonly entity: ResponseObject;
  readonly name: string;
  readonly failure: Failure;
}

type ContextCalls = (found: readonly InContext[], run: Run) => readonly (Promise<void> | undefined)[];

/** The names of variables with values from above. */
interface ContextNames {
  readonly all: readonly string[];
  /** Those without a value: the fields that need one of them are not asked for. */
  readonly failed: readonly string[];
}

/** @returns undefined where nothing is left to ask for */
function compileCalls(
  node: EntityFetchNode,
  { all, failed }: ContextNames,
  scope: ExecutionScope,
): ContextCalls | undefined {
  const asked = failed.length > 0 ? withoutFieldsOf(node, failed) : node;
  const [group] = node.groups;
  if (!asked || !group) return undefined;
  const names = all.filter((name) => !failed.includes(name));
  const callFor = remember((count: number) => compileEntityCall(repeated(asked, group, names, count), scope));
  return (found, run) => {
    const requests: (Promise<void> | undefined)[] = [];
    for (let from = 0; from < found.length; from += maxValues) {
      const some = found.slice(from, from + maxValues);
      const values = some.flatMap((one, index) => names.map((name, i) => [`${name}_${index}`, one.values[i]]));
      const variables = { ...run.variables, ...Object.fromEntries(values) };
      const entities = some.map((one) => one.entities);
      requests.push(callFor(some.length)(run, variables, entities));
    }
    return requests;
  };
}

function remember<K, V>(make: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>();
  return (key) => {
    const value = known.has(key) ? (known.get(key) as V) : make(key);
    known.set(key, value);
    return value;
  };
}

interface InContext {
  /** In the order of the names of their variables; of those that have one. */
  readonly values: readonly unknown[];
  readonly entities: Set<ResponseObject>;
}

interface Reading {
  readonly context: readonly ContextValue[];
  readonly names: readonly string[];
  readonly types: TypeIndex;
}

/** The entities by the names of the variables that have no value for them, and by the values of the others. */
function entitiesByContext(
  root: ResponseObject,
  { paths }: EntityGroup,
  reading: Reading,
  lacking: LackingValue[],
): ReadonlyMap<string, ReadonlyMap<string, InContext>> {
  const found = new Map<string, Map<string, InContext>>();
  for (const path of paths) {
    walk({ path, types: reading.types }, root, 0, [], (entity, above) => {
      const failed: string[] = [];
      const values: unknown[] = [];
      for (const name of reading.names) {
        const value = contextValue(name, above, reading);
        if (value instanceof Failure) {
          lacking.push({ entity, name, failure: value });
          failed.push(name);
        } else values.push(value);
      }
      const without = failed.join(' ');
      const alike = found.get(without) ?? new Map<string, InContext>();
      found.set(without, alike);
      const key = JSON.stringify(values);
      const known = alike.get(key);
      if (known) known.entities.add(entity);
      else alike.set(key, { values, entities: new Set([entity]) });
    });
  }
  return found;
}

function contextValue(name: string, above: readonly ResponseObject[], { context, types }: Reading): unknown {
  for (const { variable, up, path } of context) {
    let value: unknown = variable === name ? above[above.length - up] : undefined;
    for (const step of path) {
      if (!isResponseObject(value) || value instanceof Failure) value = undefined;
      else if (step.kind === 'key') value = value[step.name];
      else if (!isOf(step.names, value, types)) value = undefined;
    }
    if (value !== undefined) return value;
  }
  return null;
}

function isOf(names: readonly string[], value: ResponseObject, types: TypeIndex): boolean {
  const typename = typenameOf(value);
  return typename === undefined || names.some((name) => name === typename || types.possible(name).has(typename));
}

interface Walk {
  readonly path: readonly PathStep[];
  readonly types: TypeIndex;
}

/** Visits the entities with the objects above them, from the root down. */
function walk(
  { path, types }: Walk,
  value: unknown,
  index: number,
  above: readonly ResponseObject[],
  visit: (entity: ResponseObject, above: readonly ResponseObject[]) => void,
): void {
  const own = { path, types };
  const step = path[index];
  if (Array.isArray(value)) {
    const next = step?.kind === 'list' ? index + 1 : index;
    for (const item of value) walk(own, item, next, above, visit);
  } else if (!isResponseObject(value) || value instanceof Failure) return;
  else if (!step) visit(value, above);
  else if (step.kind === 'list') walk(own, value, index + 1, above, visit);
  else if (step.kind === 'field') {
    walk(own, value[step.name], index + 1, [...above, value], visit);
  } else if (isOf(step.names, value, types)) walk(own, value, index + 1, above, visit);
}

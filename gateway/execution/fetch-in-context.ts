import { type DocumentNode, Kind, print, type SelectionNode, type VariableDefinitionNode, visit } from 'graphql';
import { parseRequest } from '../planning/parse-request.ts';
import type { ContextValue, EntityFetchNode, EntityGroup, PathStep } from '../planning/plan.ts';
import type { TypeIndex } from '../supergraph/load-supergraph.ts';
import type { ExecutionScope } from './call-subgraph.ts';
import { Failure, notAsked, withoutSteps } from './failure.ts';
import { compileEntityCall, type EntityCall } from './fetch-entities.ts';
import { copyData } from './merge.ts';
import { isResponseObject, type ResponseObject, typenameOf } from './response-data.ts';
import { markFailed, readShapes, renameShapes } from './shape.ts';
import type { Step } from './step.ts';

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
  const shapes = renameShapes(
    readShapes(node.request.operation, scope.types).get(group.alias) ?? [],
    group.outputRewrites,
  );
  const reading: Reading = {
    context,
    names,
    types: scope.types,
    // As for what a representation lacks: the fields fail with it.
    fail: (entity, failure) => markFailed(entity, shapes, failure === notAsked ? failure : withoutSteps(failure)),
  };
  const calls = new Map<number, EntityCall>();
  const callFor = (count: number): EntityCall => {
    const known = calls.get(count);
    if (known) return known;
    const made = compileEntityCall(repeated(node, group, names, count), scope);
    calls.set(count, made);
    return made;
  };
  return async (run) => {
    const found = [...entitiesByContext(run.root, group, reading).values()];
    const requests: (Promise<void> | undefined)[] = [];
    for (let from = 0; from < found.length; from += maxValues) {
      const some = found.slice(from, from + maxValues);
      const values = some.flatMap((one, index) => names.map((name, i) => [`${name}_${index}`, one.values[i]]));
      const variables = { ...run.variables, ...Object.fromEntries(values) };
      requests.push(
        callFor(some.length)(
          run,
          variables,
          some.map(({ entities }) => entities),
        ),
      );
    }
    await Promise.all(requests);
  };
}

interface InContext {
  /** In the order of the names of their variables. */
  readonly values: readonly unknown[];
  readonly entities: Set<ResponseObject>;
}

interface Reading {
  readonly context: readonly ContextValue[];
  readonly names: readonly string[];
  readonly types: TypeIndex;
  fail(entity: ResponseObject, failure: Failure): void;
}

function entitiesByContext(root: ResponseObject, { paths }: EntityGroup, reading: Reading): Map<string, InContext> {
  const found = new Map<string, InContext>();
  for (const path of paths) {
    const seen = path.map(() => new Set<unknown>());
    walk({ path, seen: [...seen, new Set()], types: reading.types }, root, 0, [], (entity, above) => {
      const values = reading.names.map((name) => contextValue(name, above, reading));
      const failure = values.find((value) => value instanceof Failure);
      if (failure instanceof Failure) return reading.fail(entity, failure);
      const key = JSON.stringify(values);
      const known = found.get(key);
      if (known) known.entities.add(entity);
      else found.set(key, { values, entities: new Set([entity]) });
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
  readonly seen: readonly Set<unknown>[];
  readonly types: TypeIndex;
}

/**
 * Visits the entities with the objects above them, from the root down. What stands at two places becomes two objects:
 * below each it may have another context.
 */
function walk(
  { path, seen, types }: Walk,
  value: unknown,
  index: number,
  above: readonly ResponseObject[],
  visit: (entity: ResponseObject, above: readonly ResponseObject[]) => void,
): void {
  const own = { path, seen, types };
  const step = path[index];
  if (Array.isArray(value)) {
    const next = step?.kind === 'list' ? index + 1 : index;
    for (const [at, item] of value.entries()) {
      value[at] = unshared(item, seen[next]);
      walk(own, value[at], next, above, visit);
    }
  } else if (!isResponseObject(value) || value instanceof Failure) return;
  else if (!step) visit(value, above);
  else if (step.kind === 'list') walk(own, value, index + 1, above, visit);
  else if (step.kind === 'field') {
    const child = value[step.name];
    if (typeof child !== 'object' || child === null) return;
    value[step.name] = unshared(child, seen[index + 1]);
    walk(own, value[step.name], index + 1, [...above, value], visit);
  } else if (isOf(step.names, value, types)) walk(own, value, index + 1, above, visit);
}

function unshared(value: unknown, seen: Set<unknown> | undefined): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Failure) return value;
  const own = seen?.has(value) ? copyData(value) : value;
  seen?.add(own);
  return own;
}

/** The fetch with one group, and variables of its own, for each combination of values. */
function repeated(node: EntityFetchNode, group: EntityGroup, names: readonly string[], count: number): EntityFetchNode {
  const document = parseRequest(node.request.operation);
  const each = Array.from({ length: count }, (_, index) => index);
  const isOwn = (name: string) => name === group.variable || names.includes(name);
  const definitions = document.definitions.map((definition) => {
    if (definition.kind !== Kind.OPERATION_DEFINITION) return definition;
    const { variableDefinitions = [], selectionSet } = definition;
    return {
      ...definition,
      variableDefinitions: variableDefinitions.flatMap((one): readonly VariableDefinitionNode[] =>
        isOwn(one.variable.name.value) ? each.map((index) => suffixed(one, index, isOwn)) : [one],
      ),
      selectionSet: {
        ...selectionSet,
        selections: each.flatMap((index) =>
          selectionSet.selections.map(
            (one): SelectionNode => ({
              ...suffixed(one, index, isOwn),
              ...(one.kind === Kind.FIELD && { alias: { kind: Kind.NAME, value: `_context${index}` } }),
            }),
          ),
        ),
      },
    };
  });
  const { context: _, ...plain } = node;
  const others = node.request.variables.filter((name) => !isOwn(name));
  return {
    ...plain,
    request: {
      ...node.request,
      operation: print({ ...document, definitions } as DocumentNode),
      variables: [...others, ...each.flatMap((index) => names.map((name) => `${name}_${index}`))],
    },
    groups: each.map((index) => ({ ...group, alias: `_context${index}`, variable: `${group.variable}_${index}` })),
  };
}

const suffixed = <T extends SelectionNode | VariableDefinitionNode>(
  node: T,
  index: number,
  isOwn: (name: string) => boolean,
): T =>
  visit(node, {
    Variable: (variable) => {
      const { value } = variable.name;
      return isOwn(value) ? { ...variable, name: { kind: Kind.NAME, value: `${value}_${index}` } } : undefined;
    },
  });

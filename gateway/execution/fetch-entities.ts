import type { EntityFetchNode, EntityGroup } from '../planning/plan.ts';
import { prepareRequest } from '../subgraph-client/subgraph-client.ts';
import { callSubgraph, type ExecutionScope, type SubgraphAnswer } from './call-subgraph.ts';
import { compileEntityPath, type EntityPath } from './entity-path.ts';
import { Failure, withoutSteps, withoutTail } from './failure.ts';
import { quote } from './json-text.ts';
import { copyData, holdsObjects, mergeInto } from './merge.ts';
import { compileRepresentations, type Representations } from './representation.ts';
import { isResponseObject, type ResponseObject } from './response-data.ts';
import { compileRewrites } from './rewrite.ts';
import type { Run } from './run.ts';
import { markFailed, markNotAsked, readShapes, renameShapes, type Shape } from './shape.ts';
import type { Step } from './step.ts';
import { callFailure } from './subgraph-error.ts';
import { compileMembers } from './variables-text.ts';

/**
 * Compiles a fetch of entity fields.
 *
 * Each distinct representation is sent once, whatever the number of places where its entity occurs. Places on one path
 * share the answer's objects, because everything that is merged below that path later is equal for equal entities;
 * another path may get other fields under the same names, so it gets a copy.
 */
export function compileEntityFetch(node: EntityFetchNode, scope: ExecutionScope): Step {
  const call = compileEntityCall(node, scope);
  return (run) => call(run, run.variables);
}

/** @param only the entities that each group is about, of those that its paths lead to. @default all of them */
export type EntityCall = (
  run: Run,
  variables: Run['variables'],
  only?: readonly ReadonlySet<ResponseObject>[],
) => Promise<void> | undefined;

export function compileEntityCall(node: EntityFetchNode, scope: ExecutionScope): EntityCall {
  const client = scope.client(node.service);
  const request = prepareRequest(node.request);
  const shapes = readShapes(node.request.operation, scope.types);
  const groups = node.groups.map((group) => compileGroup(group, shapes.get(group.alias) ?? [], node, scope));
  const writeMembers = compileMembers(node.request.variables);
  return (run, values, only) => {
    const batches = groups.map((group, index) => collectBatch(group, run, only?.[index]));
    if (batches.every((batch) => batch.texts.length === 0)) return undefined;
    const variables = variablesText(groups, batches, writeMembers(values));
    return callSubgraph(scope, client, request, variables, run).then((answer) => {
      for (const [index, group] of groups.entries()) {
        const batch = batches[index];
        if (batch && batch.texts.length > 0) mergeBatch(group, batch, answer, run, scope);
      }
    });
  };
}

interface CompiledGroup {
  readonly alias: string;
  readonly variable: string;
  readonly paths: readonly EntityPath[];
  readonly collect: () => Representations;
  readonly rewrite: ((entity: ResponseObject) => void) | undefined;
  readonly shapes: readonly Shape[];
  /** What the places get when the list of entities itself is missing or has another length. */
  readonly malformed: Failure;
  /** What the place of an entity gets that the subgraph does not know; undefined where it need not know it. */
  readonly lost: Failure | undefined;
}

function compileGroup(
  group: EntityGroup,
  shapes: readonly Shape[],
  { service, isRefetch }: EntityFetchNode,
  { types }: ExecutionScope,
): CompiledGroup {
  return {
    alias: group.alias,
    variable: group.variable,
    paths: group.paths.map((path) => compileEntityPath(path, types)),
    collect: compileRepresentations(group.requires, group.inputRewrites, types),
    rewrite: group.outputRewrites.length > 0 ? compileRewrites(group.outputRewrites, types) : undefined,
    shapes: renameShapes(shapes, group.outputRewrites),
    malformed: callFailure('SUBGRAPH_MALFORMED_RESPONSE', service),
    lost: isRefetch ? callFailure('SUBGRAPH_LOST_OBJECT', service) : undefined,
  };
}

/** The places of one request that wait for entities. `targets[i]` on path `pathOf[i]` waits for `texts[indexOf[i]]`. */
interface Batch {
  readonly texts: readonly string[];
  readonly targets: ResponseObject[];
  readonly indexOf: number[];
  readonly pathOf: number[];
}

function collectBatch(
  group: CompiledGroup,
  { root, sharesObjects }: Run,
  only: ReadonlySet<ResponseObject> | undefined,
): Batch {
  const representations = group.collect();
  const batch: Batch = { texts: representations.texts, targets: [], indexOf: [], pathOf: [] };
  for (const [path, walk] of group.paths.entries()) {
    walk(root, sharesObjects, (entity) => {
      if (only && !only.has(entity)) return;
      const index = representations.indexOf(entity);
      if (typeof index !== 'number') {
        // What is needed to ask is missing because another subgraph failed: so these fields fail with it.
        if (index) markFailed(entity, group.shapes, withoutTail(index));
        else markUnknown(entity, group);
        return;
      }
      batch.targets.push(entity);
      batch.indexOf.push(index);
      batch.pathOf.push(path);
    });
  }
  return batch;
}

function markUnknown(entity: ResponseObject, { shapes, lost }: CompiledGroup): void {
  if (lost) markFailed(entity, shapes, lost);
  else markNotAsked(entity, shapes);
}

/** Groups that need equal representations at equal paths name the same variable: it is written once. */
function variablesText(groups: readonly CompiledGroup[], batches: readonly Batch[], members: string): string {
  const lists = new Map(groups.map(({ variable }, i) => [variable, `[${batches[i]?.texts.join(',') ?? ''}]`]));
  const written = [...lists].map(([variable, list]) => `${quote(variable)}:${list}`);
  return `{${members === '' ? '' : `${members},`}${written.join(',')}}`;
}

function mergeBatch(group: CompiledGroup, batch: Batch, answer: SubgraphAnswer, run: Run, scope: ExecutionScope): void {
  const entities = answer.data?.[group.alias];
  if (!Array.isArray(entities) || entities.length !== batch.texts.length) {
    const failure = answer.failure ?? (entities instanceof Failure ? entities : group.malformed);
    // Paths of errors that took the whole list away start at the list (`_entities`, index, …): places start below.
    failBatch(group, batch, withoutSteps(failure));
    return;
  }
  if (group.rewrite) for (const entity of entities) if (isResponseObject(entity)) group.rewrite(entity);
  // Places that wait for one entity get the same objects.
  if (batch.targets.length > batch.texts.length) run.sharesObjects ||= entities.some(holdsSharable);
  mergeEntities(group, batch, entities, scope);
}

const holdsSharable = (entity: unknown) => isResponseObject(entity) && holdsObjects(entity);

function failBatch(group: CompiledGroup, { targets }: Batch, failure: Failure): void {
  for (const target of targets) markFailed(target, group.shapes, failure);
}

function mergeEntities(group: CompiledGroup, batch: Batch, entities: readonly unknown[], scope: ExecutionScope): void {
  const { targets, indexOf, pathOf } = batch;
  let copies: { path: number; entities: Map<number, ResponseObject> } | undefined;
  for (let i = 0; i < targets.length; i += 1) {
    const target = targets[i] as ResponseObject;
    const index = indexOf[i] as number;
    const path = pathOf[i] as number;
    const entity = entities[index];
    if (entity instanceof Failure) {
      markFailed(target, group.shapes, entity);
    } else if (isResponseObject(entity)) {
      let source = entity;
      if (path > 0 && holdsObjects(entity)) {
        if (copies?.path !== path) copies = { path, entities: new Map() };
        source = copies.entities.get(index) ?? (copyData(entity) as ResponseObject);
        copies.entities.set(index, source);
      }
      mergeInto(target, source, scope.types);
    } else if (entity === null) {
      markUnknown(target, group);
    } else {
      markFailed(target, group.shapes, group.malformed);
    }
  }
}

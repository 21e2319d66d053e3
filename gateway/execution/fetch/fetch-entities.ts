import { kindOf } from '../../../runtime/kind-of.ts';
import { type EntityFetchNode, type EntityGroup, keysOfPath } from '../../planning/plan.ts';
import { prepareRequest } from '../../subgraph-client/subgraph-client.ts';
import { copyData, holdsObjects } from '../copy-data.ts';
import { Failure, notAsked, withoutSteps, withoutTail } from '../failure.ts';
import { quote } from '../json-text.ts';
import type { Misfit } from '../misfit.ts';
import { isResponseObject, type ResponseObject } from '../response-data.ts';
import type { Run } from '../run.ts';
import type { Step } from '../step.ts';
import { type AskedFields, askPartly, failRequiring, type PartlyAsked } from './ask-partly.ts';
import { blame, blamePartly } from './blame.ts';
import { callSubgraph, type ExecutionScope, type SubgraphAnswer } from './call-subgraph.ts';
import { compileEntityPath, type EntityPath } from './entity-path.ts';
import { mergeInto } from './merge.ts';
import { compileRepresentations, type Representations } from './representation.ts';
import { compileRewrites } from './rewrite.ts';
import { markFailed, markMissing, markNotAsked, markUntold, readShapes, renameShapes, type Shape } from './shape.ts';
import { callFailure } from './subgraph-error.ts';
import { compileMembers } from './variables-text.ts';

/**
 * Compiles a fetch of entity fields.
 *
 * Each distinct representation is sent once, whatever the number of places where its entity occurs. Places on one path
 * share the answer's objects, because everything that is merged below that path later is equal for equal entities;
 * another path may get other fields under the same names, so it gets a copy. Where objects are not shared, each place does.
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
    const members = writeMembers(values);
    const ask = (asked: readonly Batch[]): Promise<void> =>
      callSubgraph(scope, client, request, variablesText(groups, asked, members), run).then((answer) => {
        const failed = answer.failure && groups.length > 1 ? failedGroups(groups, asked, answer.failure) : undefined;
        for (const [index, group] of groups.entries()) {
          const batch = asked[index];
          if (!batch || batch.texts.length === 0 || failed?.has(index) === false) continue;
          mergeBatch(group, batch, answer, run, scope);
        }
        return failed && ask(asked.map((batch, index) => (failed.has(index) ? { ...batch, texts: [] } : batch)));
      });
    return ask(batches);
  };
}

/**
 * Lists of entities may not be null: where a subgraph fails to make one of them, its answer has no data at all. The others
 * are asked for once more, like those of separate requests.
 * @returns by index; undefined where the subgraph does not say, or none is left
 */
function failedGroups(
  groups: readonly CompiledGroup[],
  batches: readonly Batch[],
  failure: Failure,
): ReadonlySet<number> | undefined {
  const keys = new Set(Failure.errorsOf(failure).map(({ below }) => below[0]));
  const variables = new Set(groups.flatMap(({ alias, variable }) => (keys.delete(alias) ? [variable] : [])));
  if (keys.size > 0) return undefined;
  const isAsked = (index: number) => (batches[index]?.texts.length ?? 0) > 0;
  const failed = new Set(groups.flatMap(({ variable }, index) => (variables.has(variable) ? [index] : [])));
  const isProgress = [...failed].some(isAsked) && groups.some((_, index) => isAsked(index) && !failed.has(index));
  return isProgress ? failed : undefined;
}

interface CompiledGroup {
  readonly alias: string;
  readonly variable: string;
  readonly paths: readonly { readonly keys: readonly string[]; readonly walk: EntityPath }[];
  readonly collect: () => Representations;
  readonly rewrite: ((entity: ResponseObject) => void) | undefined;
  readonly shapes: readonly Shape[];
  readonly requiring: AskedFields;
  /** What the places get when the list of entities itself is missing or has another length. */
  readonly malformed: Failure;
  /** What the place of an entity gets that the subgraph does not know; undefined where it need not know it. */
  readonly lost: Failure | undefined;
}

function compileGroup(
  group: EntityGroup,
  shapes: readonly Shape[],
  { service, isRefetch }: EntityFetchNode,
  { types, requirements }: ExecutionScope,
): CompiledGroup {
  const renamed = renameShapes(shapes, group.outputRewrites);
  return {
    alias: group.alias,
    variable: group.variable,
    paths: group.paths.map((path) => ({ keys: keysOfPath(path), walk: compileEntityPath(path, types) })),
    collect: compileRepresentations(group.requires, group.inputRewrites, types),
    rewrite: group.outputRewrites.length > 0 ? compileRewrites(group.outputRewrites, types) : undefined,
    shapes: renamed,
    requiring: { service, shapes: renamed, requirements },
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
  /** By index of the target; made where there is one. */
  partly: Map<number, PartlyAsked> | undefined;
}

function collectBatch(group: CompiledGroup, run: Run, only: ReadonlySet<ResponseObject> | undefined): Batch {
  const { root, sharesObjects } = run;
  const representations = group.collect();
  const batch: Batch = { texts: representations.texts, targets: [], indexOf: [], pathOf: [], partly: undefined };
  for (const [path, { keys, walk }] of group.paths.entries()) {
    walk(root, sharesObjects, (entity) => {
      if (only && !only.has(entity)) return;
      let index = representations.indexOf(entity);
      if (index instanceof Failure) {
        const partly = askPartly(group.requiring, representations, entity);
        if (partly) {
          batch.partly ??= new Map();
          batch.partly.set(batch.targets.length, blamePartly(partly, keys, run));
          index = partly.index;
        }
      }
      if (typeof index !== 'number') {
        const failure = index;
        if (!failure || failure === notAsked) markUnknown(entity, group);
        else markUnasked(entity, group, failure, () => blame(withoutTail(failure), keys, run));
        return;
      }
      batch.targets.push(entity);
      batch.indexOf.push(index);
      batch.pathOf.push(path);
    });
  }
  return batch;
}

/**
 * What is needed to ask is missing because another subgraph failed: so these fields fail with it. Where nobody failed, the
 * step may be for objects of another way to the same place: what this one has, be it null, is right.
 */
function markUnasked(entity: ResponseObject, { shapes }: CompiledGroup, why: Failure, failure: () => Failure): void {
  const isMisfit = Failure.errorsOf(why).some(({ needed }) => needed !== undefined);
  if (!isMisfit) {
    markFailed(entity, shapes, failure());
    return;
  }
  let made: Failure | undefined;
  markUntold(entity, shapes, withoutTail(why));
  markMissing(entity, shapes, () => {
    made ??= failure();
    return made;
  });
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
    const known = answer.failure ?? (entities instanceof Failure ? entities : undefined);
    if (!known) run.misfit(noList(group, entities, batch.texts.length));
    const failure = known ?? group.malformed;
    // Paths of errors that took the whole list away start at the list (`_entities`, index, …): places start below.
    failBatch(group, batch, withoutSteps(ofGroup(group, failure)));
    return;
  }
  if (group.rewrite) for (const entity of entities) if (isResponseObject(entity)) group.rewrite(entity);
  // Places that wait for one entity get the same objects.
  if (scope.sharesObjects && batch.targets.length > batch.texts.length) {
    run.sharesObjects ||= entities.some(holdsSharable);
  }
  mergeEntities(group, batch, entities, run, scope);
}

const noList = ({ requiring, alias }: CompiledGroup, entities: unknown, count: number): Misfit => ({
  services: [requiring.service],
  path: [alias],
  field: '_entities',
  expected: `a list of ${count}`,
  given: Array.isArray(entities) ? `a list of ${entities.length}` : kindOf(entities),
});

/** Of errors about several lists those about the group's. */
function ofGroup({ alias }: CompiledGroup, failure: Failure): Failure {
  const own = Failure.errorsOf(failure).filter(({ below }) => below[0] === alias);
  return own.length > 0 ? new Failure(own) : failure;
}

const holdsSharable = (entity: unknown) => isResponseObject(entity) && holdsObjects(entity);

function failBatch(group: CompiledGroup, { targets }: Batch, failure: Failure): void {
  for (const target of targets) markFailed(target, group.shapes, failure);
}

function mergeEntities(
  group: CompiledGroup,
  batch: Batch,
  entities: readonly unknown[],
  run: Run,
  scope: ExecutionScope,
): void {
  const { targets, indexOf, pathOf } = batch;
  const { sharesObjects } = scope;
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
      if (!sharesObjects) source = copyData(entity) as ResponseObject;
      else if (path > 0 && holdsObjects(entity)) {
        if (copies?.path !== path) copies = { path, entities: new Map() };
        source = copies.entities.get(index) ?? (copyData(entity) as ResponseObject);
        copies.entities.set(index, source);
      }
      mergeInto(target, source, scope.types);
    } else if (entity === null) {
      markUnknown(target, group);
    } else {
      const services = [group.requiring.service];
      const path = [group.alias, index];
      run.misfit({ services, path, field: '_entities', expected: 'an object', given: kindOf(entity) });
      markFailed(target, group.shapes, group.malformed);
    }
  }
  if (batch.partly) for (const [i, partly] of batch.partly) failRequiring(targets[i] as ResponseObject, partly);
}

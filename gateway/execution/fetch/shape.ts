import {
  type FieldNode,
  type FragmentDefinitionNode,
  type InlineFragmentNode,
  Kind,
  type SelectionNode,
} from 'graphql';
import { parseRequest } from '../../planning/parse-request.ts';
import type { Rewrite } from '../../planning/plan.ts';
import type { TypeIndex } from '../../supergraph/load-supergraph.ts';
import { Failure, notAsked, untoldType, withoutSteps } from '../failure.ts';
import { isResponseObject, ownValue, type ResponseObject, typenameOf } from '../response-data.ts';

/** What a planned request asks for: known so that a failed or incomplete answer can be told field by field. */
export interface Shape {
  readonly key: string;
  /** Of the field; the key may be another. */
  readonly name: string;
  /** Object types that have the field, where the request asks for it on some only. */
  readonly types: ReadonlySet<string> | undefined;
  /** Selected under @skip or @include, so that its absence means nothing. */
  readonly isConditional: boolean;
  readonly children: readonly Shape[];
}

/** @returns the shape below each root response key of `operation` (for entities: `_entities`, `_e0` …) */
export function readShapes(operation: string, types: TypeIndex): ReadonlyMap<string, readonly Shape[]> {
  const { definitions } = parseRequest(operation);
  const fragments = new Map(
    definitions.flatMap((node) => (node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node] as const] : [])),
  );
  const root = definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  const shapes = root ? shapesOf(root.selectionSet.selections, { fragments, types }, undefined, false) : [];
  return new Map(shapes.map((shape) => [shape.key, shape.children]));
}

/** @returns the shapes of the root fields themselves */
export function readRootShapes(operation: string, types: TypeIndex): readonly Shape[] {
  const { definitions } = parseRequest(operation);
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of definitions) if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  const root = definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  return root ? shapesOf(root.selectionSet.selections, { fragments, types }, undefined, false) : [];
}

interface Scope {
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly types: TypeIndex;
}

function shapesOf(
  selections: readonly SelectionNode[],
  scope: Scope,
  types: ReadonlySet<string> | undefined,
  isConditional: boolean,
): Shape[] {
  return selections.flatMap((node) => {
    const conditional = isConditional || (node.directives?.length ?? 0) > 0;
    if (node.kind === Kind.FIELD) return [fieldShape(node, scope, types, conditional)];
    const fragment: InlineFragmentNode | FragmentDefinitionNode | undefined =
      node.kind === Kind.INLINE_FRAGMENT ? node : scope.fragments.get(node.name.value);
    if (!fragment) return [];
    const condition = fragment.typeCondition?.name.value;
    const narrowed = condition === undefined ? types : scope.types.possible(condition);
    return shapesOf(fragment.selectionSet.selections, scope, narrowed, conditional);
  });
}

function fieldShape(node: FieldNode, scope: Scope, types: Shape['types'], isConditional: boolean): Shape {
  const children = shapesOf(node.selectionSet?.selections ?? [], scope, undefined, false);
  const name = node.name.value;
  return { key: node.alias?.value ?? name, name, types, isConditional, children };
}

/** The shapes as they are after the planner's renames. */
export function renameShapes(shapes: readonly Shape[], rewrites: readonly Rewrite[]): readonly Shape[] {
  return rewrites.reduce<readonly Shape[]>((renamed, rewrite) => {
    if (rewrite.kind !== 'rename') return renamed;
    const keys = rewrite.path.flatMap((step) => (step.kind === 'key' ? [step.name] : []));
    return renameAt(renamed, keys, rewrite.to);
  }, shapes);
}

function renameAt(shapes: readonly Shape[], keys: readonly string[], to: string): readonly Shape[] {
  const [key, ...below] = keys;
  return shapes.map((shape) => {
    if (shape.key !== key) return shape;
    return below.length === 0 ? { ...shape, key: to } : { ...shape, children: renameAt(shape.children, below, to) };
  });
}

/** Puts `failure` at every field of `shapes` that `target` has no value for, nested ones included. */
export function markFailed(target: ResponseObject, shapes: readonly Shape[], failure: Failure): void {
  const typename = typenameOf(target);
  // A field under a condition is marked as well: where the client skips it, nobody looks.
  for (const { key, types, children } of shapes) {
    if (key === '__typename') {
      noteUntold(target, failure);
      continue;
    }
    if (types && typename !== undefined && !types.has(typename)) continue;
    const value = ownValue(target, key);
    if (value === undefined || value === null) target[key] = belowKey(failure, key, target);
    else if (children.length > 0) markBelow(value, children, withoutSteps(failure));
  }
}

/**
 * Puts a failure at the fields of `shapes` of which nobody has said anything: what has a value keeps it, and so does a null.
 * @param failure called where there is one
 */
export function markMissing(target: ResponseObject, shapes: readonly Shape[], failure: () => Failure): void {
  const type = typenameOf(target);
  for (const { key, types, children } of shapes) {
    if (key === '__typename' || (types && type !== undefined && !types.has(type))) continue;
    const value = ownValue(target, key);
    if (value === undefined) target[key] = failure();
    else if (children.length > 0) markMissingBelow(value, children, failure);
  }
}

function markMissingBelow(value: unknown, children: readonly Shape[], failure: () => Failure): void {
  if (Array.isArray(value)) for (const item of value) markMissingBelow(item, children, failure);
  else if (isResponseObject(value) && !(value instanceof Failure)) markMissing(value, children, failure);
}

/** Notes why the type of an object never came, where it was to come with the fields. */
export function markUntold(target: ResponseObject, shapes: readonly Shape[], failure: Failure): void {
  if (shapes.some(({ key }) => key === '__typename')) noteUntold(target, failure);
}

/** Puts `notAsked` at every field of `shapes` that nobody has said anything of yet. */
export function markNotAsked(target: ResponseObject, shapes: readonly Shape[]): void {
  const typename = typenameOf(target);
  for (const { key, types } of shapes) {
    if (key === '__typename') noteUntold(target, notAsked);
    if (key === '__typename' || (types && typename !== undefined && !types.has(typename))) continue;
    if (ownValue(target, key) === undefined) target[key] = notAsked;
  }
}

/** The type may be known all the same: only who does not know it asks. */
function noteUntold(target: ResponseObject & { [untoldType]?: Failure }, failure: Failure): void {
  target[untoldType] ??= failure;
}

function markBelow(value: unknown, children: readonly Shape[], failure: Failure): void {
  if (Array.isArray(value)) for (const item of value) markBelow(item, children, failure);
  else if (isResponseObject(value) && !(value instanceof Failure)) markFailed(value, children, failure);
}

/**
 * An error that names a field below the failed object belongs to that field; the others are null because of it. Where
 * another subgraph has given that field its value, nothing is wrong there.
 */
function belowKey(failure: Failure, key: string, target: ResponseObject): Failure {
  const errors = Failure.errorsOf(failure);
  if (errors.every(({ below }) => below.length === 0)) return failure;
  return new Failure(
    errors.map((error) => {
      const [culprit, ...further] = error.below;
      if (culprit === key) return { ...error, below: further };
      const isElsewhere = typeof culprit === 'string' && !hasValue(ownValue(target, culprit));
      return { ...error, below: [], ...(isElsewhere && { elsewhere: error.below }) };
    }),
  );
}

const hasValue = (value: unknown): boolean => value !== undefined && value !== null && !(value instanceof Failure);

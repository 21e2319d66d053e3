import {
  type GraphQLAbstractType,
  type GraphQLInterfaceType,
  type GraphQLObjectType,
  isInterfaceType,
  Kind,
  type SelectionSetNode,
} from 'graphql';
import { Failure, notAsked, untoldType } from '../failure.ts';
import type { ResponseObject } from '../response-data.ts';
import type { SelectionScope } from '../select-fields.ts';
import { refuseValue } from './leaf-writer.ts';
import type { Position, Write } from './write-run.ts';

/**
 * Writes each object as one of its type; compiled for each type when the first object of it is met.
 * @param compile the writer of the selected fields of objects of one type
 */
export function abstractWriter(
  scope: SelectionScope,
  type: GraphQLAbstractType,
  { sets, position }: { readonly sets: readonly SelectionSetNode[]; readonly position: Position },
  compile: (type: GraphQLObjectType | GraphQLInterfaceType) => Write,
): Write {
  const interfaces = isInterfaceType(type) ? [type, ...scope.schema.getImplementations(type).interfaces] : [];
  // A subgraph that knows an interface as @interfaceObject gives its name: enough, unless the type itself matters.
  const typeless = interfaces.filter((named) => !dependsOnType(scope, named, sets));
  const possible = new Map(
    [...scope.schema.getPossibleTypes(type), ...typeless].map((named) => [named.name, named] as const),
  );
  const untold = untoldWriter(position);
  const writers = new Map<string, Write>();
  // Where the answer does not depend on the type, the planner does not ask for it.
  const untyped = isInterfaceType(type) ? compile(type) : undefined;
  const isToldFor = isInterfaceType(type) && !typeless.includes(type);
  return (value, depth, run) => {
    if (typeof value !== 'object' || value instanceof Failure || Array.isArray(value)) {
      return refuseValue(value, position, depth, run);
    }
    const typename = (value as ResponseObject)['__typename'];
    if (typename === undefined && untyped && !(isToldFor && isUntold(value))) return untyped(value, depth, run);
    const known = typeof typename === 'string' ? (writers.get(typename) ?? possible.get(typename)) : undefined;
    // A type that clients must not see, or none at all: null, like a value that does not fit.
    if (known === undefined) return untold(value, depth, run);
    if (typeof known === 'function') return known(value, depth, run);
    const write = compile(known);
    writers.set(known.name, write);
    return write(value, depth, run);
  };
}

/** Whether a subgraph was to tell the type, and did not. */
const isUntold = (value: object | null) => (value as { [untoldType]?: Failure } | null)?.[untoldType] !== undefined;

/**
 * An object without a type that clients know. Where another subgraph was to tell the type, what it failed with is told;
 * an entity that it does not know is null, as everywhere.
 */
function untoldWriter(position: Position): Write {
  return (value, depth, run) => {
    const failure = (value as { [untoldType]?: Failure })[untoldType];
    if (failure === undefined) return refuseValue(value, position, depth, run);
    if (failure !== notAsked) run.fail(failure, depth, position);
    return undefined;
  };
}

/** Whether objects of one interface may be answered differently, by `__typename` or a fragment on some of them. */
function dependsOnType(scope: SelectionScope, type: GraphQLInterfaceType, sets: readonly SelectionSetNode[]): boolean {
  const everyone = new Set<string | undefined>([undefined, type.name, ...type.getInterfaces().map(({ name }) => name)]);
  const depends = (set: SelectionSetNode | undefined): boolean =>
    (set?.selections ?? []).some((node) => {
      if (node.kind === Kind.FIELD) return node.name.value === '__typename';
      const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : scope.fragments.get(node.name.value);
      return !everyone.has(fragment?.typeCondition?.name.value) || depends(fragment?.selectionSet);
    });
  return sets.some(depends);
}

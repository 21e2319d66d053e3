import {
  type FieldNode,
  type GraphQLNamedType,
  type GraphQLObjectType,
  getNamedType,
  isInterfaceType,
  isObjectType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import type { Restriction } from '../execution/compiled-operation.ts';
import { Failure } from '../execution/failure.ts';
import type { OperationParts } from '../planning/operation-parts.ts';
import type { Requirement } from '../supergraph/access-rules.ts';
import type { Supergraph } from '../supergraph/load-supergraph.ts';

export type AccessScope = Pick<Supergraph, 'schema' | 'types' | 'accessRules'>;

/** One operation on its root type. */
export type RootedParts = OperationParts & { readonly rootType: GraphQLObjectType };

/** @returns the places (`Type`, `Type.field`) with rules of their own that the operation touches */
export function guardedPlaces(scope: AccessScope, parts: RootedParts): readonly string[] {
  const places = new Set<string>();
  visitFields(scope, parts, (parent, node) => {
    for (const place of placesOf(scope, parent, node.name.value)) places.add(place);
    return true;
  });
  return [...places];
}

/**
 * Takes out what must not be read, so that no subgraph is asked for it.
 * @param unmet places whose rules are not met, with a rule that is not
 */
export function createRestriction(
  scope: AccessScope,
  rootType: GraphQLObjectType,
  unmet: ReadonlyMap<string, Requirement>,
): (parts: OperationParts) => Restriction {
  return (parts) => {
    const denied = new Map<FieldNode, Failure>();
    const kept = visitFields(scope, { ...parts, rootType }, (parent, node) => {
      for (const place of placesOf(scope, parent, node.name.value)) {
        const requirement = unmet.get(place);
        if (!requirement) continue;
        denied.set(node, denial(`${parent.name}.${node.name.value}`, requirement));
        return false;
      }
      return true;
    });
    return { kept, denied };
  };
}

const denial = (coordinate: string, requirement: Requirement): Failure =>
  new Failure([
    {
      message: `You may not read ${coordinate}. ${remedyFor(requirement)}`,
      extensions: { code: 'UNAUTHORIZED_FIELD_OR_TYPE', retryable: false },
      below: [],
    },
  ]);

/** What to bring to meet it, as a sentence. */
function remedyFor(requirement: Requirement): string {
  if (requirement.kind === 'authenticated') return 'Send a token.';
  const kind = requirement.kind === 'scopes' ? 'scope' : 'policy';
  const choices = requirement.any.map((all) => all.map((name) => `"${name}"`).join(' with '));
  return choices.length === 0 ? 'Nobody may.' : `Bring a token with the ${kind} ${choices.join(', or ')}.`;
}

/**
 * The places whose rules are a field's: itself, the type that has it, and the type of its values. A field of an interface
 * has those of every type that it may turn out to be: what the object is, is known too late.
 */
function* placesOf({ schema, types, accessRules }: AccessScope, parent: GraphQLNamedType, field: string) {
  if (field.startsWith('__')) return;
  for (const name of new Set([parent.name, ...types.possible(parent.name)])) {
    if (accessRules.has(name)) yield name;
    if (accessRules.has(`${name}.${field}`)) yield `${name}.${field}`;
  }
  const declaring = schema.getType(parent.name);
  if (!isObjectType(declaring) && !isInterfaceType(declaring)) return;
  const returned = getNamedType(declaring.getFields()[field]?.type);
  if (returned && accessRules.has(returned.name)) yield returned.name;
}

type Keep = (parent: GraphQLNamedType, node: FieldNode) => boolean;

/** @returns the operation with the fields that `keep` keeps, asked once for each; a selection set may end up empty */
function visitFields({ schema }: AccessScope, { operation, fragments, rootType }: RootedParts, keep: Keep) {
  const fieldsOf = (set: SelectionSetNode, parent: GraphQLNamedType): SelectionSetNode => ({
    ...set,
    selections: set.selections.flatMap((node) => visitSelection(node, parent) ?? []),
  });
  const visitSelection = (node: SelectionNode, parent: GraphQLNamedType): SelectionNode | undefined => {
    if (node.kind === Kind.FRAGMENT_SPREAD) return node;
    if (node.kind === Kind.INLINE_FRAGMENT) {
      const type = node.typeCondition ? schema.getType(node.typeCondition.name.value) : parent;
      return type && { ...node, selectionSet: fieldsOf(node.selectionSet, type) };
    }
    if (!keep(parent, node)) return undefined;
    const returned =
      isObjectType(parent) || isInterfaceType(parent)
        ? getNamedType(parent.getFields()[node.name.value]?.type)
        : undefined;
    if (!node.selectionSet || !returned) return node;
    return { ...node, selectionSet: fieldsOf(node.selectionSet, returned) };
  };
  const kept = [...fragments].flatMap(([name, fragment]) => {
    const type = schema.getType(fragment.typeCondition.name.value);
    return type ? [[name, { ...fragment, selectionSet: fieldsOf(fragment.selectionSet, type) }] as const] : [];
  });
  return {
    operation: { ...operation, selectionSet: fieldsOf(operation.selectionSet, rootType) },
    fragments: new Map(kept),
  };
}

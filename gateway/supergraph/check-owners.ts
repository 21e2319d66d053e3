import {
  type ConstDirectiveNode,
  type FieldDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  type ObjectTypeExtensionNode,
} from 'graphql';
import type { CompositionProblem } from './composition-error.ts';
import { argumentsOf } from './linked-features.ts';
import { locate, type SubgraphSource } from './subgraph-source.ts';

/**
 * One system of record per type and field, checked before composition.
 *
 * A subgraph says which system it speaks for with `extend schema @system(name: …)`. What it then resolves, and what its
 * mutations change (`@transition(of: "Type" | "Type.field")`), must belong to that system, by `@owner` on the field or
 * else by `@owner` on the type, whichever subgraph writes it. Keys, @external and @shareable fields are how subgraphs
 * refer to what others own, so they are free. Subgraphs without @system are not checked.
 */
export function checkOwners(sources: readonly SubgraphSource[]): readonly CompositionProblem[] {
  const subgraphs = sources.map(readSubgraph);
  const owners = collectOwners(subgraphs);
  return [
    ...owners.conflicts,
    ...subgraphs.flatMap((subgraph) => checkResolvedFields(subgraph, owners)),
    ...subgraphs.flatMap((subgraph) => checkTransitions(subgraph, subgraphs, owners)),
  ];
}

interface Field {
  readonly coordinate: string;
  readonly type: string;
  readonly node: FieldDefinitionNode;
  readonly isFree: boolean;
}

interface CheckedSubgraph {
  readonly name: string;
  readonly system: string | undefined;
  readonly types: readonly (ObjectTypeDefinitionNode | ObjectTypeExtensionNode)[];
  readonly fields: readonly Field[];
  readonly mutations: readonly FieldDefinitionNode[];
}

interface Claim {
  readonly system: string;
  readonly subgraph: string;
  readonly location: string;
}

interface Owners {
  readonly claims: ReadonlyMap<string, Claim>;
  readonly conflicts: readonly CompositionProblem[];
}

const rootTypes = new Set(['Query', 'Mutation', 'Subscription']);

function readSubgraph({ name, document }: SubgraphSource): CheckedSubgraph {
  const { definitions } = document;
  const objects = definitions.filter(
    (node): node is ObjectTypeDefinitionNode | ObjectTypeExtensionNode =>
      node.kind === Kind.OBJECT_TYPE_DEFINITION || node.kind === Kind.OBJECT_TYPE_EXTENSION,
  );
  const types = objects.filter((node) => !rootTypes.has(node.name.value));
  const schema = definitions.filter(
    (node) => node.kind === Kind.SCHEMA_DEFINITION || node.kind === Kind.SCHEMA_EXTENSION,
  );
  return {
    name,
    system: schema.flatMap((node) => argument(node.directives, 'system', 'name') ?? []).at(0),
    types,
    fields: types.flatMap((type) => fieldsOf(type, keyFieldsOf(types, type.name.value))),
    mutations: objects.filter((node) => node.name.value === 'Mutation').flatMap((node) => node.fields ?? []),
  };
}

function fieldsOf(type: ObjectTypeDefinitionNode | ObjectTypeExtensionNode, keys: ReadonlySet<string>): Field[] {
  const typeIsShared = has(type.directives, 'shareable') || has(type.directives, 'external');
  return (type.fields ?? []).map((node) => ({
    coordinate: `${type.name.value}.${node.name.value}`,
    type: type.name.value,
    node,
    isFree:
      typeIsShared ||
      keys.has(node.name.value) ||
      has(node.directives, 'external') ||
      has(node.directives, 'shareable'),
  }));
}

/** The outermost field names of every @key of the type: a nested selection belongs to another type. */
function keyFieldsOf(types: CheckedSubgraph['types'], type: string): ReadonlySet<string> {
  const keys = types.filter((node) => node.name.value === type).flatMap((node) => node.directives ?? []);
  const names = keys.flatMap((directive) => {
    if (directive.name.value !== 'key') return [];
    const outermost = (argument([directive], 'key', 'fields') ?? '').replace(/\{[^{}]*(\{[^{}]*\}[^{}]*)*\}/g, ' ');
    return outermost.split(/[\s,]+/);
  });
  return new Set(names);
}

function collectOwners(subgraphs: readonly CheckedSubgraph[]): Owners {
  const claims = new Map<string, Claim>();
  const conflicts: CompositionProblem[] = [];
  for (const { coordinate, claim } of subgraphs.flatMap(claimsOf)) {
    const first = claims.get(coordinate);
    if (!first) claims.set(coordinate, claim);
    else if (first.system !== claim.system) conflicts.push(describeConflict(coordinate, first, claim));
  }
  return { claims, conflicts };
}

function claimsOf(subgraph: CheckedSubgraph): { coordinate: string; claim: Claim }[] {
  const places = [
    ...subgraph.types.map((node) => ({ coordinate: node.name.value, node })),
    ...subgraph.fields.map(({ coordinate, node }) => ({ coordinate, node })),
  ];
  return places.flatMap(({ coordinate, node }) => {
    const system = argument(node.directives, 'owner', 'system');
    if (system === undefined) return [];
    return [{ coordinate, claim: { system, subgraph: subgraph.name, location: locate(node) ?? subgraph.name } }];
  });
}

function ownerOf(owners: Owners, coordinate: string): Claim | undefined {
  return owners.claims.get(coordinate) ?? owners.claims.get(coordinate.split('.')[0] ?? coordinate);
}

function checkResolvedFields(subgraph: CheckedSubgraph, owners: Owners): CompositionProblem[] {
  const { system } = subgraph;
  if (system === undefined) return [];
  return subgraph.fields.flatMap(({ coordinate, node, isFree }) => {
    const owner = isFree ? undefined : ownerOf(owners, coordinate);
    if (!owner || owner.system === system) return [];
    return [
      {
        code: 'OWNER_VIOLATED',
        subgraphs: [subgraph.name],
        location: locate(node) ?? subgraph.name,
        message: `${coordinate} belongs to ${owner.system} (subgraph "${owner.subgraph}", ${owner.location}), but subgraph "${subgraph.name}" of ${system} resolves it.`,
        remedy: `Mark it @external here and let "${owner.subgraph}" resolve it, or give the field its own @owner(system: ${system}).`,
      },
    ];
  });
}

function checkTransitions(
  subgraph: CheckedSubgraph,
  all: readonly CheckedSubgraph[],
  owners: Owners,
): CompositionProblem[] {
  if (subgraph.system === undefined) return [];
  return subgraph.mutations.flatMap((node) => checkTransition(subgraph, node, all, owners) ?? []);
}

function checkTransition(
  subgraph: CheckedSubgraph,
  node: FieldDefinitionNode,
  all: readonly CheckedSubgraph[],
  owners: Owners,
): CompositionProblem | undefined {
  const mutation = `Mutation.${node.name.value}`;
  const place = { subgraphs: [subgraph.name], location: locate(node) ?? subgraph.name };
  const coordinate = argument(node.directives, 'transition', 'of');
  if (coordinate === undefined) {
    const message = `${mutation} of "${subgraph.name}" (${subgraph.system}) does not say whose state it changes.`;
    const remedy = 'Add @transition(of: "Type", name: "…"): state changes only by named transitions.';
    return { code: 'TRANSITION_MISSING', ...place, message, remedy };
  }
  if (!exists(coordinate, all)) {
    const message = `${mutation} is a @transition of "${coordinate}", which no subgraph defines.`;
    return { code: 'TRANSITION_UNKNOWN', ...place, message, remedy: 'Name an existing "Type" or "Type.field".' };
  }
  const owner = ownerOf(owners, coordinate);
  if (!owner || owner.system === subgraph.system) return undefined;
  const message = `${mutation} of subgraph "${subgraph.name}" (${subgraph.system}) changes ${coordinate}, which belongs to ${owner.system} (subgraph "${owner.subgraph}", ${owner.location}).`;
  const remedy = `Move the mutation to "${owner.subgraph}", or name a coordinate that ${subgraph.system} owns.`;
  return { code: 'TRANSITION_OF_ANOTHER_OWNER', ...place, message, remedy };
}

function exists(coordinate: string, all: readonly CheckedSubgraph[]): boolean {
  return all.some(
    ({ types, fields }) =>
      types.some((node) => node.name.value === coordinate) || fields.some((field) => field.coordinate === coordinate),
  );
}

function describeConflict(coordinate: string, first: Claim, second: Claim): CompositionProblem {
  return {
    code: 'OWNER_CONFLICT',
    subgraphs: [second.subgraph],
    location: second.location,
    message: `${coordinate} is claimed by ${first.system} (subgraph "${first.subgraph}", ${first.location}) and by ${second.system} (subgraph "${second.subgraph}").`,
    remedy: 'Keep one of the two @owner directives: everything has exactly one system of record.',
  };
}

function has(directives: readonly ConstDirectiveNode[] | undefined, name: string): boolean {
  return directives?.some((directive) => directive.name.value === name) ?? false;
}

function argument(
  directives: readonly ConstDirectiveNode[] | undefined,
  directive: string,
  name: string,
): string | undefined {
  const found = directives?.find((node) => node.name.value === directive);
  const value = found && argumentsOf(found)[name];
  return typeof value === 'string' ? value : undefined;
}

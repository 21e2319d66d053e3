import {
  type ArgumentNode,
  type FragmentDefinitionNode,
  type FragmentSpreadNode,
  Kind,
  type ObjectValueNode,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  type TypeNode,
  type ValueNode,
  type VariableDefinitionNode,
} from 'graphql';

/** One operation as it was parsed. */
export interface ParsedOperation {
  readonly operation: OperationDefinitionNode;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
}

/** What the limits are about, counted with every fragment spread counted as often as it is used. */
export interface OperationSize {
  readonly depth: number;
  /** Levels of selections, those of fragments included, which are none of the answer. */
  readonly nesting: number;
  readonly fields: number;
  readonly aliases: number;
  readonly directives: number;
  readonly rootFields: number;
  /** Where a fragment is spread in itself, or in what it contains: it has no size. */
  readonly circle: FragmentSpreadNode | undefined;
  /** Whether a field is to be answered under a name that objects use for themselves. */
  readonly hasReservedName: boolean;
  /** Whether a number is written that does not fit into 64 bits. */
  readonly hasHugeNumber: boolean;
}

const nothing: OperationSize = {
  depth: 0,
  nesting: 0,
  fields: 0,
  aliases: 0,
  directives: 0,
  rootFields: 0,
  circle: undefined,
  hasReservedName: false,
  hasHugeNumber: false,
};
/** Validation refuses it, but what may be planned meanwhile must be bounded, however often it is spread. */
const unknown: OperationSize = { ...nothing, fields: 1 };

/** Measures each fragment once, so that the time is linear in the document however often fragments are spread. */
export function measureOperation({ operation, fragments }: ParsedOperation): OperationSize {
  const measured = new Map<string, OperationSize>();
  const open = new Set<string>();
  const ofFragment = (name: string, spread?: FragmentSpreadNode): OperationSize => {
    if (open.has(name)) return { ...nothing, circle: spread };
    const known = measured.get(name);
    if (known) return known;
    open.add(name);
    const node = fragments.get(name);
    const size = node ? ofSet(node.selectionSet) : unknown;
    open.delete(name);
    measured.set(name, size);
    return size;
  };
  const ofSet = (set: SelectionSetNode): OperationSize => set.selections.map(ofSelection).reduce(add, nothing);
  const ofSelection = (node: SelectionNode): OperationSize => {
    const directives = node.directives?.length ?? 0;
    if (node.kind === Kind.FRAGMENT_SPREAD) return inFragment(ofFragment(node.name.value, node), directives);
    if (node.kind === Kind.INLINE_FRAGMENT) return inFragment(ofSet(node.selectionSet), directives);
    const below = node.selectionSet ? ofSet(node.selectionSet) : nothing;
    return {
      depth: 1 + Math.max(below.depth, levelsOfArguments(node.arguments)),
      nesting: 1 + below.nesting,
      fields: below.fields + 1,
      aliases: below.aliases + (node.alias ? 1 : 0),
      directives: below.directives + directives,
      rootFields: 1,
      circle: below.circle,
      hasHugeNumber: below.hasHugeNumber || (node.arguments ?? []).some(({ value }) => isHuge(value)),
      hasReservedName: below.hasReservedName || (node.alias ?? node.name).value === '__proto__',
    };
  };
  const variables = (operation.variableDefinitions ?? []).map(ofVariable);
  // Validation looks at every fragment, whether or not the operation uses it.
  const definitions = [...fragments].map(([name, { directives }]) => {
    const { depth, nesting, circle } = ofFragment(name);
    return { ...nothing, depth, nesting, circle, directives: directives?.length ?? 0 };
  });
  const size = [...variables, ...definitions].reduce(add, ofSet(operation.selectionSet));
  return plusDirectives(size, operation.directives?.length ?? 0);
}

function ofVariable({ variable, type, defaultValue, directives }: VariableDefinitionNode): OperationSize {
  const depth = Math.max(levelsOfType(type), defaultValue ? levelsOfValue(defaultValue) : 0);
  const hasHugeNumber = defaultValue !== undefined && isHuge(defaultValue);
  return {
    ...nothing,
    depth,
    directives: directives?.length ?? 0,
    hasHugeNumber,
    hasReservedName: variable.name.value === '__proto__',
  };
}

function isHuge(node: ValueNode): boolean {
  switch (node.kind) {
    case Kind.FLOAT:
      return !Number.isFinite(Number(node.value));
    case Kind.INT:
      return node.value.length > 18 && BigInt.asIntN(64, BigInt(node.value)) !== BigInt(node.value);
    case Kind.LIST:
      return node.values.some(isHuge);
    case Kind.OBJECT:
      return node.fields.some(({ value }) => isHuge(value));
    default:
      return false;
  }
}

const levelsOfType = (node: TypeNode): number => (node.kind === Kind.NAMED_TYPE ? 0 : 1 + levelsOfType(node.type));

/** Values are nested like fields are, and cost the planner as much. */
function levelsOfArguments(nodes: readonly ArgumentNode[] = []): number {
  return nodes.reduce((deepest, { value }) => Math.max(deepest, levelsOfValue(value)), 0);
}

function levelsOfValue(node: ValueNode): number {
  if (node.kind === Kind.LIST) return 1 + node.values.reduce((most, value) => Math.max(most, levelsOfValue(value)), 0);
  return node.kind === Kind.OBJECT ? 1 + levelsOfFields(node) : 0;
}

const levelsOfFields = ({ fields }: ObjectValueNode) =>
  fields.reduce((most, { value }) => Math.max(most, levelsOfValue(value)), 0);

function add(a: OperationSize, b: OperationSize): OperationSize {
  return {
    depth: Math.max(a.depth, b.depth),
    nesting: Math.max(a.nesting, b.nesting),
    fields: a.fields + b.fields,
    aliases: a.aliases + b.aliases,
    directives: a.directives + b.directives,
    rootFields: a.rootFields + b.rootFields,
    circle: a.circle ?? b.circle,
    hasReservedName: a.hasReservedName || b.hasReservedName,
    hasHugeNumber: a.hasHugeNumber || b.hasHugeNumber,
  };
}

function inFragment(size: OperationSize, directives: number): OperationSize {
  return { ...size, nesting: size.nesting + 1, directives: size.directives + directives };
}

function plusDirectives(size: OperationSize, directives: number): OperationSize {
  return directives === 0 ? size : { ...size, directives: size.directives + directives };
}

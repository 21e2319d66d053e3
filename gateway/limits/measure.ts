import {
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

/** One operation as it was parsed. */
export interface ParsedOperation {
  readonly operation: OperationDefinitionNode;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
}

/** What the limits are about, counted with every fragment spread counted as often as it is used. */
export interface OperationSize {
  readonly depth: number;
  readonly fields: number;
  readonly aliases: number;
  readonly directives: number;
  readonly rootFields: number;
  /** A fragment that contains itself has no size. */
  readonly isCircular: boolean;
}

const circular: OperationSize = { depth: 0, fields: 0, aliases: 0, directives: 0, rootFields: 0, isCircular: true };

/** Measures each fragment once, so that the time is linear in the document however often fragments are spread. */
export function measureOperation({ operation, fragments }: ParsedOperation): OperationSize {
  const measured = new Map<string, OperationSize>();
  const ofFragment = (name: string): OperationSize => {
    const known = measured.get(name);
    if (known) return known;
    measured.set(name, circular);
    const node = fragments.get(name);
    const size = node ? ofSet(node.selectionSet) : nothing;
    measured.set(name, size);
    return size;
  };
  const ofSet = (set: SelectionSetNode): OperationSize => set.selections.map(ofSelection).reduce(add, nothing);
  const ofSelection = (node: SelectionNode): OperationSize => {
    const directives = node.directives?.length ?? 0;
    if (node.kind === Kind.FRAGMENT_SPREAD) return plusDirectives(ofFragment(node.name.value), directives);
    if (node.kind === Kind.INLINE_FRAGMENT) return plusDirectives(ofSet(node.selectionSet), directives);
    const below = node.selectionSet ? ofSet(node.selectionSet) : nothing;
    return {
      depth: below.depth + 1,
      fields: below.fields + 1,
      aliases: below.aliases + (node.alias ? 1 : 0),
      directives: below.directives + directives,
      rootFields: 1,
      isCircular: below.isCircular,
    };
  };
  return plusDirectives(ofSet(operation.selectionSet), operation.directives?.length ?? 0);
}

const nothing: OperationSize = { depth: 0, fields: 0, aliases: 0, directives: 0, rootFields: 0, isCircular: false };

function add(a: OperationSize, b: OperationSize): OperationSize {
  return {
    depth: Math.max(a.depth, b.depth),
    fields: a.fields + b.fields,
    aliases: a.aliases + b.aliases,
    directives: a.directives + b.directives,
    rootFields: a.rootFields + b.rootFields,
    isCircular: a.isCircular || b.isCircular,
  };
}

function plusDirectives(size: OperationSize, directives: number): OperationSize {
  return directives === 0 ? size : { ...size, directives: size.directives + directives };
}

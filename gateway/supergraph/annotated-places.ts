import { type ConstDirectiveNode, type DocumentNode, Kind } from 'graphql';

/** What directives are applied to: `Type`, `Type.field`, `Type.field(argument:)` or `Input.field`. */
export interface AnnotatedPlace {
  readonly coordinate: string;
  readonly directives: readonly ConstDirectiveNode[];
}

export function* annotatedPlaces(supergraph: DocumentNode): Generator<AnnotatedPlace, void> {
  for (const node of supergraph.definitions) {
    if (!('name' in node && node.name && 'directives' in node) || node.kind === Kind.OPERATION_DEFINITION) continue;
    const type = node.name.value;
    yield { coordinate: type, directives: (node.directives ?? []) as readonly ConstDirectiveNode[] };
    if (!('fields' in node)) continue;
    for (const field of node.fields ?? []) {
      const coordinate = `${type}.${field.name.value}`;
      yield { coordinate, directives: field.directives ?? [] };
      if (!('arguments' in field)) continue;
      for (const { name, directives = [] } of field.arguments ?? []) {
        yield { coordinate: `${coordinate}(${name.value}:)`, directives };
      }
    }
  }
}

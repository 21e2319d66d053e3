import { type ConstDirectiveNode, Kind, parse } from 'graphql';
import { argumentsOf } from './linked-features.ts';

/** Who is the system of record of one field. */
export interface OwnedField {
  /** `Type.field`, the schema coordinate. */
  readonly coordinate: string;
  readonly type: string;
  readonly field: string;
  readonly system: string;
}

/** @returns every owned field of the supergraph by coordinate; a field without its own @owner has its type's */
export function readOwnership(supergraphSdl: string): OwnedField[] {
  const { definitions } = parse(supergraphSdl, { noLocation: true });
  const owned = definitions.flatMap((node) => {
    if (node.kind !== Kind.OBJECT_TYPE_DEFINITION) return [];
    const typeOwner = ownerIn(node.directives);
    return (node.fields ?? []).flatMap((field) => {
      const system = ownerIn(field.directives) ?? typeOwner;
      if (system === undefined) return [];
      const [type, name] = [node.name.value, field.name.value];
      return [{ coordinate: `${type}.${name}`, type, field: name, system }];
    });
  });
  return owned.sort((a, b) => (a.coordinate < b.coordinate ? -1 : 1));
}

function ownerIn(directives: readonly ConstDirectiveNode[] | undefined): string | undefined {
  const owner = directives?.find((directive) => directive.name.value === 'owner');
  const { system } = owner ? argumentsOf(owner) : {};
  return typeof system === 'string' ? system : undefined;
}

import { type FieldNode, Kind, type SelectionNode } from 'graphql';
import { sourceOf } from '../../checks/coverage.ts';
import type { Requirement } from '../../plan.ts';
import { setOf } from '../../selections.ts';
import type { Ids } from './ids.ts';

/** What fields are called that are asked for because others need them: no client can give a field such a key. */
export class NeededNames {
  readonly #ids: Ids;

  constructor(ids: Ids) {
    this.#ids = ids;
  }

  /** A field set whose fields with arguments have names of their own. */
  named(node: SelectionNode): SelectionNode {
    if (node.kind === Kind.FRAGMENT_SPREAD || !node.selectionSet) return this.#alone(node);
    return { ...this.#alone(node), selectionSet: setOf(node.selectionSet.selections.map((one) => this.named(one))) };
  }

  #alone<T extends SelectionNode>(node: T): T {
    if (node.kind !== Kind.FIELD) return node;
    const key = this.#keyOf(node);
    return key === node.name.value ? node : { ...node, alias: { kind: Kind.NAME, value: key } };
  }

  #keyOf(node: FieldNode): string {
    const source = sourceOf(node);
    return source === node.name.value ? source : `_needed${this.#ids.of(source)}_${node.name.value}`;
  }

  /** A part of a representation, from what `named` has asked for. */
  requirement(node: SelectionNode): Requirement {
    if (node.kind === Kind.FRAGMENT_SPREAD) throw new Error('Field sets have no named fragments.');
    const selections = (node.selectionSet?.selections ?? []).map((one) => this.requirement(one));
    if (node.kind === Kind.INLINE_FRAGMENT) {
      return { kind: 'types', condition: node.typeCondition?.name.value ?? '', selections };
    }
    const name = this.#keyOf(node);
    return { kind: 'field', name, alias: name === node.name.value ? undefined : node.name.value, selections };
  }
}

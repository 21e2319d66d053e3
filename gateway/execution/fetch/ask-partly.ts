import { Kind, type SelectionNode } from 'graphql';
import type { SubgraphTypes } from '../../supergraph/subgraph-types.ts';
import { type Failure, notAsked } from '../failure.ts';
import type { ResponseObject } from '../response-data.ts';
import type { Representations } from './representation.ts';
import { markFailed, type Shape } from './shape.ts';

/** An entity that is asked for without some of what its fields require: those fail, and the others need not. */
export interface PartlyAsked {
  readonly index: number;
  readonly failed: readonly (readonly [Shape, Failure])[];
}

export interface AskedFields {
  readonly service: string;
  readonly shapes: readonly Shape[];
  readonly requirements: Pick<SubgraphTypes, 'requirementOf' | 'keysOf'>;
}

/** @returns undefined where it cannot be identified, or nothing would be left to ask for */
export function askPartly(
  { service, shapes, requirements }: AskedFields,
  representations: Representations,
  entity: ResponseObject,
): PartlyAsked | undefined {
  const lacking = representations.lackingOf(entity);
  const { type, fields } = lacking;
  if (type === undefined || fields.size === 0) return undefined;
  const keys = requirements.keysOf(service, type);
  if (keys.length === 0 || namesIn(keys.flat()).some((name) => fields.has(name))) return undefined;
  const asked = shapes.filter(({ name, types }) => name !== '__typename' && (types?.has(type) ?? true));
  const failed = asked.flatMap((shape): PartlyAsked['failed'] => {
    const required = namesIn(requirements.requirementOf(service, type, shape.name));
    const failures = required.flatMap((name) => fields.get(name) ?? []);
    const failure = failures.find((one) => one !== notAsked) ?? failures[0];
    return failure ? [[shape, failure]] : [];
  });
  if (failed.length === 0 || failed.length === asked.length) return undefined;
  const index = representations.indexWithout(entity, lacking);
  return index === undefined ? undefined : { index, failed };
}

/** Whatever the subgraph made of a null that is none. */
export function failRequiring(target: ResponseObject, { failed }: PartlyAsked): void {
  for (const [shape, failure] of failed) {
    target[shape.key] = null;
    markFailed(target, [shape], failure);
  }
}

const namesIn = (selections: readonly SelectionNode[]): readonly string[] =>
  selections.flatMap((node) => {
    if (node.kind === Kind.FIELD) return [node.name.value];
    return node.kind === Kind.INLINE_FRAGMENT ? namesIn(node.selectionSet.selections) : [];
  });

import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
} from 'graphql';
import type { Gap } from './checks/plan-coverage.ts';
import { documentWith, fragmentsOf } from './plannable.ts';
import { onType, setOf } from './selections.ts';

/**
 * Queries for what a plan of the document leaves out: one for each place and type, with nothing but the way to it. A
 * planner that merges the steps of two types has nothing to merge here.
 */
export function gapDocuments(document: DocumentNode, gaps: readonly Gap[]): readonly DocumentNode[] {
  const fragments = fragmentsOf(document);
  const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  if (!operation) return [];
  const byPlace = new Map<string, Gap[]>();
  for (const gap of gaps) {
    const keys = gap.way.map(({ type, node }) => `${type}.${(node.alias ?? node.name).value}`);
    const place = [...keys, gap.type].join('/');
    byPlace.set(place, [...(byPlace.get(place) ?? []), gap]);
  }
  return [...byPlace.values()].map((group) => documentFor(operation, fragments, group));
}

function documentFor(
  operation: OperationDefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  [first, ...others]: readonly Gap[],
): DocumentNode {
  if (!first) throw new Error('A group of gaps has at least one.');
  const fields = [first, ...others].flatMap(({ nodes }) => nodes);
  const selections = first.way.reduceRight<readonly SelectionNode[]>(
    (below, { type, node }) => [onType(type, [{ ...node, selectionSet: setOf(below) }])],
    [onType(first.type, fields)],
  );
  return documentWith(operation, selections, fragments);
}

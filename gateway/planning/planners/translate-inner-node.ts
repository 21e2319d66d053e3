import type { PlanNode } from '../plan.ts';

/** What comes after what, which planners say in the same words. */
type InnerNode<Node> =
  | { readonly kind: 'Sequence' | 'Parallel'; readonly nodes: readonly Node[] }
  | {
      readonly kind: 'Condition';
      readonly condition: string;
      readonly ifClause?: Node | null | undefined;
      readonly elseClause?: Node | null | undefined;
    }
  | { readonly kind: 'Defer' };

/** Translates a node that only orders others. What asks a subgraph is said differently by each planner. */
export function translateInnerNode<Node>(node: InnerNode<Node>, translate: (child: Node) => PlanNode): PlanNode {
  switch (node.kind) {
    case 'Sequence':
      return { kind: 'sequence', nodes: node.nodes.map(translate) };
    case 'Parallel':
      return { kind: 'parallel', nodes: node.nodes.map(translate) };
    case 'Condition': {
      const whenTrue = node.ifClause ? translate(node.ifClause) : undefined;
      const whenFalse = node.elseClause ? translate(node.elseClause) : undefined;
      return { kind: 'condition', variable: node.condition, whenTrue, whenFalse };
    }
    case 'Defer':
      throw new Error('Operations are planned without @defer: see gateway/incremental/.');
  }
}

import { createHash } from 'node:crypto';
import { Kind, type OperationDefinitionNode, type SelectionNode } from 'graphql';

export interface LabelledOperation {
  readonly operation: OperationDefinitionNode;
  /** Of its document. */
  readonly text: string;
}

/** By what people find an operation again that the log is about. */
export interface OperationLabel {
  /** Its name; where it has none, its first root fields. Never values: they may be what only its sender may know. */
  readonly operation: string;
  /** Of its document's text, in hexadecimal: its id as a persisted query. */
  readonly sha256: string;
}

/** Root fields that stand for an operation without a name. */
const maxFields = 5;

export function operationLabel({ operation, text }: LabelledOperation): OperationLabel {
  const { name, selectionSet } = operation;
  const sha256 = createHash('sha256').update(text).digest('hex');
  if (name) return { operation: name.value, sha256 };
  const fields = selectionSet.selections.slice(0, maxFields).map(nameOf);
  const more = selectionSet.selections.length > maxFields ? ' …' : '';
  return { operation: `${operation.operation} { ${fields.join(' ')}${more} }`, sha256 };
}

function nameOf(node: SelectionNode): string {
  if (node.kind === Kind.FIELD) return node.name.value;
  return node.kind === Kind.FRAGMENT_SPREAD ? `...${node.name.value}` : '...';
}

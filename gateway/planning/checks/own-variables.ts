import {
  type ArgumentNode,
  type DocumentNode,
  type FieldNode,
  Kind,
  type OperationDefinitionNode,
  parseType,
  print,
  type SelectionNode,
  stripIgnoredCharacters,
  type VariableDefinitionNode,
} from 'graphql';
import { representationsName } from '../entity-request.ts';
import { changeFetches } from '../fetches.ts';
import { parseRequest } from '../parse-request.ts';
import type { EntityFetchNode, FetchNode, PlanNode, PlannedRequest } from '../plan.ts';
import { usedVariables } from '../selections.ts';

/** What planners call the variable of a list of representations. */
const usual = 'representations';

/**
 * The plan with a name of its own for each list of representations. Planners call one like a variable that the client may
 * have called so as well (`$representations`): then they declare that twice, or not at all.
 */
export function withOwnVariables(plan: PlanNode, { variableDefinitions = [] }: OperationDefinitionNode): PlanNode {
  const client = variableDefinitions.find(({ variable }) => variable.name.value === usual);
  if (!client) return plan;
  const own = representationsName(variableDefinitions);
  return changeFetches(plan, {
    fetch: (node) => withDeclared(node, client),
    entities: (node) => {
      const groups = node.groups.map((group) => (group.variable === usual ? { ...group, variable: own } : group));
      return { ...withDeclared(node, client, own), groups };
    },
  });
}

/** @param own the new name of a list that is called like the client's variable */
function withDeclared<T extends FetchNode | EntityFetchNode>(node: T, client: VariableDefinitionNode, own = ''): T {
  const document = parseRequest(node.request.operation);
  const [operation] = document.definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION);
  if (!operation) return node;
  const lists = node.kind === 'entities' && node.groups.some(({ variable }) => variable === usual) ? [listOf(own)] : [];
  const selections = operation.selectionSet.selections.map((one) => (lists.length > 0 ? withList(one, own) : one));
  const renamed = { ...operation, selectionSet: { ...operation.selectionSet, selections } };
  const read: DocumentNode = {
    ...document,
    definitions: document.definitions.map((one) => (one === operation ? renamed : one)),
  };
  const isUsed = usedVariables(read).has(usual);
  const others = (operation.variableDefinitions ?? []).filter(({ variable }) => variable.name.value !== usual);
  const variableDefinitions = [...lists, ...others, ...(isUsed ? [{ ...client, directives: [] }] : [])];
  const declared = read.definitions.map((one) => (one === renamed ? { ...renamed, variableDefinitions } : one));
  const request: PlannedRequest = {
    ...node.request,
    operation: stripIgnoredCharacters(print({ ...read, definitions: declared })),
    variables: [...node.request.variables.filter((name) => name !== usual), ...(isUsed ? [usual] : [])],
  };
  return { ...node, request };
}

const variableNamed = (name: string) => ({ kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: name } }) as const;

const listOf = (name: string): VariableDefinitionNode => ({
  kind: Kind.VARIABLE_DEFINITION,
  variable: variableNamed(name),
  type: parseType('[_Any!]!'),
});

/** The list of entities, with the list of representations under its new name. */
function withList(node: SelectionNode, own: string): SelectionNode {
  if (node.kind !== Kind.FIELD) return node;
  const change = (one: ArgumentNode): ArgumentNode =>
    one.value.kind === Kind.VARIABLE && one.value.name.value === usual ? { ...one, value: variableNamed(own) } : one;
  return { ...node, arguments: (node.arguments ?? []).map(change) } satisfies FieldNode;
}

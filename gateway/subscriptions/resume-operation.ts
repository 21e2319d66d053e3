import {
  type DocumentNode,
  type FieldNode,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  parseType,
  print,
  separateOperations,
  TypeInfo,
  type ValueNode,
  visit,
  visitWithTypeInfo,
} from 'graphql';

export interface ResumableOperation {
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
  readonly variables: Record<string, unknown>;
}

export interface ResumedOperation {
  readonly text: string;
  readonly variables: Record<string, unknown>;
}

export interface ResumeRules {
  readonly schema: GraphQLSchema;
  /** By subscription field: the argument that takes a cursor. */
  readonly resumeArguments: ReadonlyMap<string, string>;
}

/**
 * The same subscription from a cursor on, for clients that cannot say so themselves: a browser's EventSource connects
 * again with the same URL and only adds Last-Event-ID. The cursor goes into a variable, so that the text stays the same
 * for all cursors and is planned once.
 * @returns undefined where no selected field takes a cursor
 */
export function resumeOperation(
  { document, operationName, variables }: ResumableOperation,
  cursor: string,
  rules: ResumeRules,
): ResumedOperation | undefined {
  const alone = Object.values(separateOperations(document));
  const chosen = alone.find((one) => operationName === undefined || operationOf(one)?.name?.value === operationName);
  const root = rules.schema.getSubscriptionType();
  if (!chosen || !root) return undefined;
  const name = unusedName(operationOf(chosen));
  const own = new Set<string>();
  let inserted: string | undefined;
  const types = new TypeInfo(rules.schema);
  const rewritten = visit(
    chosen,
    visitWithTypeInfo(types, {
      Field(field) {
        if (types.getParentType() !== root) return undefined;
        const argument = rules.resumeArguments.get(field.name.value);
        const type = root.getFields()[field.name.value]?.args.find((arg) => arg.name === argument)?.type;
        if (argument === undefined || !type) return undefined;
        const given = field.arguments?.find((node) => node.name.value === argument)?.value;
        if (given?.kind === Kind.VARIABLE) {
          own.add(given.name.value);
          return undefined;
        }
        inserted = String(type);
        return withArgument(field, argument, variable(name));
      },
    }),
  );
  if (own.size === 0 && inserted === undefined) return undefined;
  const resumed = inserted === undefined ? rewritten : declare(rewritten, name, inserted);
  const names = inserted === undefined ? [...own] : [...own, name];
  return {
    text: print(resumed),
    variables: { ...variables, ...Object.fromEntries(names.map((key) => [key, cursor])) },
  };
}

const operationOf = (document: DocumentNode): OperationDefinitionNode | undefined =>
  document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);

function unusedName(operation: OperationDefinitionNode | undefined): string {
  const used = new Set(operation?.variableDefinitions?.map((node) => node.variable.name.value));
  let name = 'lastEventId';
  while (used.has(name)) name += '_';
  return name;
}

const variable = (name: string) => ({ kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: name } }) as const;

function withArgument(field: FieldNode, name: string, value: ValueNode): FieldNode {
  const others = field.arguments?.filter((node) => node.name.value !== name) ?? [];
  return {
    ...field,
    arguments: [...others, { kind: Kind.ARGUMENT, name: { kind: Kind.NAME, value: name }, value }],
  };
}

function declare(document: DocumentNode, name: string, type: string): DocumentNode {
  return visit(document, {
    OperationDefinition: (node) => ({
      ...node,
      variableDefinitions: [
        ...(node.variableDefinitions ?? []),
        { kind: Kind.VARIABLE_DEFINITION as const, variable: variable(name), type: parseType(type) },
      ],
    }),
  });
}

import {
  type DocumentNode,
  type FieldNode,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  parse,
  parseType,
  print,
  separateOperations,
  TypeInfo,
  type ValueNode,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import type { CompiledOperation } from '../execution/compiled-operation.ts';
import type { SubscriptionRule } from '../supergraph/subscription-rules.ts';

/**
 * A subscription in the form that takes its cursor from a variable: one text for all cursors, also for clients that say
 * none or write it as a literal. Two operations with one form, equal other variables and equal authority see the same
 * events.
 */
export interface ResumableOperation {
  readonly text: string;
  /** Name of the variable. */
  readonly cursor: string;
}

export interface ResumeRules {
  readonly schema: GraphQLSchema;
  readonly subscriptionRules: ReadonlyMap<string, SubscriptionRule>;
}

const known = new WeakMap<CompiledOperation, { readonly form: ResumableOperation | undefined }>();

/** @returns undefined where no selected field takes a cursor */
export function resumableFormOf(operation: CompiledOperation, rules: ResumeRules): ResumableOperation | undefined {
  const found = known.get(operation);
  if (found) return found.form;
  const form = operation.kind === 'subscription' ? makeForm(operation, rules) : undefined;
  known.set(operation, { form });
  return form;
}

function makeForm({ text, operationName }: CompiledOperation, rules: ResumeRules): ResumableOperation | undefined {
  const alone = Object.values(separateOperations(parse(text, { noLocation: true })));
  const chosen = alone.find((one) => operationName === undefined || operationOf(one)?.name?.value === operationName);
  const root = rules.schema.getSubscriptionType();
  if (!chosen || !root) return undefined;
  const inserted = unusedName(operationOf(chosen));
  const uses = countUses(chosen);
  let own: string | undefined;
  let type: string | undefined;
  const types = new TypeInfo(rules.schema);
  const rewritten = visit(
    chosen,
    visitWithTypeInfo(types, {
      Field(field) {
        if (types.getParentType() !== root) return undefined;
        const argument = rules.subscriptionRules.get(field.name.value)?.after;
        const definition = root.getFields()[field.name.value]?.args.find((arg) => arg.name === argument);
        if (argument === undefined || !definition) return undefined;
        const given = field.arguments?.find((node) => node.name.value === argument)?.value;
        // A variable that says something else, too, must not change with the cursor.
        if (given?.kind === Kind.VARIABLE && uses.get(given.name.value) === 1) {
          own = given.name.value;
          return undefined;
        }
        type = String(definition.type);
        return withArgument(field, argument, variable(inserted));
      },
    }),
  );
  if (type !== undefined) return { text: print(declare(rewritten, inserted, type)), cursor: inserted };
  return own === undefined ? undefined : { text: print(rewritten), cursor: own };
}

const operationOf = (document: DocumentNode): OperationDefinitionNode | undefined =>
  document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);

function countUses(document: DocumentNode): ReadonlyMap<string, number> {
  const uses = new Map<string, number>();
  visit(document, {
    VariableDefinition: () => false,
    Variable: ({ name }) => void uses.set(name.value, (uses.get(name.value) ?? 0) + 1),
  });
  return uses;
}

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

import {
  type DocumentNode,
  type GraphQLObjectType,
  Kind,
  MaxIntrospectionDepthRule,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  specifiedRules,
  validate,
} from 'graphql';
import type { GatewayConfig } from '../config.ts';
import type { CompiledOperation } from '../execution/compiled-operation.ts';
import type { CompileOperation, PreparedText, SelectedOperation } from '../execution/selected-operation.ts';
import { deferRules } from '../incremental/defer-rules.ts';
import { checkLimits } from '../limits/check-limits.ts';
import type { LimitCost } from '../limits/cost.ts';
import { parseDocument } from '../limits/parse-document.ts';
import { fragmentsOf } from '../planning/plannable.ts';
import { RequestError, refuse, withCode } from '../request/request-error.ts';
import type { Supergraph } from '../supergraph/load-supergraph.ts';
import { oneOfVariablesRule } from './one-of-variables-rule.ts';

/** A text that was not known. */
export interface PreparationRequest extends PreparedText {
  readonly document: DocumentNode | undefined;
  onPlanned: SelectedOperation['onPlanned'];
}

export interface PreparationOptions {
  readonly supergraph: Supergraph;
  readonly config: GatewayConfig;
  readonly limitCost: LimitCost | undefined;
  readonly compile: CompileOperation;
}

/** Parses, selects, limits, validates, plans and compiles. @throws RequestError */
export async function prepareOperation(
  { supergraph, config, compile, limitCost }: PreparationOptions,
  request: PreparationRequest,
): Promise<CompiledOperation> {
  const { text, operationName, onPlanned } = request;
  const document = request.document ?? parseDocument(text, config.limits.maxTokens);
  const fragments = fragmentsOf(document);
  for (const operation of operationsOf(document)) checkLimits(operation, fragments, config.limits);
  const select = () => {
    const operation = selectOperation(document, operationName);
    return { operation, fragments, rootType: rootTypeOf(supergraph, operation) };
  };
  // Begins as soon as this function waits: the plan is then on its way in another process.
  const validated = Promise.resolve().then(() => {
    validateDocument(supergraph, document, config.introspection);
    return limitCost?.({ ...select(), text });
  });
  const compiling = async () => compile({ ...select(), text, operationName, document, validated, onPlanned });
  const compiled = compiling();
  compiled.catch(() => undefined);
  const bound = await validated;
  return bound ? bound(await compiled) : compiled;
}

/** Looks at a whole document as preparing it would, and plans nothing. @throws RequestError it would be refused */
export function refuseUnfit(
  { supergraph, config }: Pick<PreparationOptions, 'supergraph' | 'config'>,
  text: string,
): void {
  const document = parseDocument(text, config.limits.maxTokens);
  const fragments = fragmentsOf(document);
  for (const operation of operationsOf(document)) checkLimits(operation, fragments, config.limits);
  validateDocument(supergraph, document, config.introspection);
}

function rootTypeOf({ schema }: Supergraph, { operation }: OperationDefinitionNode): GraphQLObjectType {
  const type = schema.getRootType(operation);
  if (!type) throw refuse(400, 'GRAPHQL_VALIDATION_FAILED', `The schema has no ${operation} type.`);
  return type;
}

const operationsOf = (document: DocumentNode): readonly OperationDefinitionNode[] =>
  document.definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);

function validateDocument({ schema }: Supergraph, document: DocumentNode, introspection: boolean): void {
  const introspectionRule = introspection ? MaxIntrospectionDepthRule : NoSchemaIntrospectionCustomRule;
  const rules = [...specifiedRules, oneOfVariablesRule, ...deferRules, introspectionRule];
  const errors = validate(schema, document, rules, { maxErrors: 20, hideSuggestions: !introspection });
  if (errors.some(({ message }) => message === 'Validation aborted.')) throw tooManyRepetitions();
  if (errors.length > 0) throw new RequestError(400, withCode(errors, 'GRAPHQL_VALIDATION_FAILED'));
}

/** graphql-js compares each pair of fields that are answered under one name, up to a limit of its own (`MAX_COMPLEXITY_BUDGET`). */
const tooManyRepetitions = () =>
  refuse(
    400,
    'FIELD_LIMIT_EXCEEDED',
    'The operation selects the same fields too many times: to see whether they agree takes more than 500,000 comparisons, a bound that no option moves. Select each once.',
  );

/** @returns a sentence with the first of them */
function namesOf(operations: readonly OperationDefinitionNode[]): string {
  const names = operations.flatMap((operation) => (operation.name ? [`"${operation.name.value}"`] : []));
  return names.length === 0 ? '' : ` It has ${names.slice(0, 5).join(', ')}${names.length > 5 ? ' …' : '.'}`;
}

function selectOperation(document: DocumentNode, name: string | undefined): OperationDefinitionNode {
  const operations = operationsOf(document);
  const named = name ? operations.filter((operation) => operation.name?.value === name) : operations;
  const [operation, ...others] = named;
  if (operation && others.length === 0) return operation;
  const message = operation
    ? 'The document has several operations. Send "operationName" to choose one.'
    : name
      ? `The document has no operation named "${name}".${namesOf(operations)}`
      : 'The document has no operation.';
  throw refuse(400, 'OPERATION_RESOLUTION_FAILURE', message);
}

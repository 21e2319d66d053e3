import {
  type DocumentNode,
  GraphQLError,
  type GraphQLObjectType,
  Kind,
  MaxIntrospectionDepthRule,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  specifiedRules,
  validate,
} from 'graphql';
import type { Logger } from '../../runtime/logger.ts';
import { Turns } from '../../runtime/turns.ts';
import { guardOperations } from '../authorization/guard-operation.ts';
import { BoundedCache } from '../bounded-cache.ts';
import type { GatewayConfig } from '../config.ts';
import type { ExecutionScope } from '../execution/call-subgraph.ts';
import { compileOperation } from '../execution/compile-operation.ts';
import type { CompiledOperation } from '../execution/compiled-operation.ts';
import { deferRules } from '../incremental/defer-directive.ts';
import { checkLimits } from '../limits/check-limits.ts';
import { createCostLimit, type LimitCost } from '../limits/cost.ts';
import type { CostReport } from '../limits/cost-report.ts';
import { isStackOverflow, nestedTooDeep, parseDocument } from '../limits/parse-document.ts';
import { operationLabel } from '../operation-label.ts';
import { askTypenames } from '../planning/ask-typenames.ts';
import type { DocumentPlan, PlanDocuments } from '../planning/document-planner.ts';
import type { OperationParts } from '../planning/operation-parts.ts';
import { fragmentsOf, toPlannable } from '../planning/plannable.ts';
import { PlanningError } from '../planning/planner.ts';
import { keepable, RequestError, refuse, withCode } from '../request-error.ts';
import type { Supergraph } from '../supergraph/load-supergraph.ts';
import { measuredOperation, measuredPreparation } from '../telemetry/measured-operation.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { CompileOperation, PreparedText, SelectedOperation } from './selected-operation.ts';

/** Turns the text of a request into something that runs. Every transport passes through here. */
export interface OperationPreparer {
  /** @throws RequestError the text is refused; refusals of the same text are remembered, too */
  prepare(text: string, operationName: string | undefined, document?: DocumentNode): Promise<CompiledOperation>;
}

/** A preparer that remembers. */
export interface RememberingPreparer extends OperationPreparer {
  /** What was answered most often, of what is remembered, most used first; what is refused is nothing to prepare again. */
  mostUsed(limit: number): readonly PreparedText[];
}

interface Prepared extends PreparedText {
  operation: Promise<CompiledOperation>;
  uses: number;
  isRefused: boolean;
}

/**
 * What one plan of an operation was measured to take at most, compiled: 120,000 bytes for 777 characters, 14,000 for 35.
 */
const planBytes = (text: string) => 4096 + 300 * text.length;

/** A refused text is its own key, beside the errors. */
const refusalBytes = (text: string) => 4096 + 2 * text.length;

export interface PreparerOptions {
  readonly supergraph: Supergraph;
  readonly config: GatewayConfig;
  readonly costReport: CostReport;
  readonly metrics?: Metrics | undefined;
  /** What makes one engine differ from another. */
  readonly compile: CompileOperation;
}

/** Parse, select, limit, validate, plan, compile: once for each text and operation name, then from memory. */
export function createOperationPreparer(options: PreparerOptions): RememberingPreparer {
  const prepared = new BoundedCache<Prepared>(options.config.planCacheBytes);
  const limitCost = createCostLimit({ ...options, limits: options.config.limits });
  const compile = guardOperations(options.supergraph, options.compile);
  // A crowd of new operations holds up nobody who asks for one that is known.
  const turns = new Turns();
  const begin = async (request: PreparationRequest) => {
    const turn = turns.take();
    if (turn) await turn;
    const { metrics } = options;
    const prepare = () => prepareOperation({ ...options, compile, limitCost }, request);
    return metrics ? measuredOperation(await measuredPreparation(metrics, prepare), metrics) : prepare();
  };
  return {
    prepare(text, operationName, document) {
      // Unambiguous: a text must not be able to stand in the place of another one with a name.
      const key = operationName === undefined ? `:${text}` : `${operationName.length}:${operationName}${text}`;
      const known = prepared.get(key);
      if (known) {
        known.uses += 1;
        return known.operation;
      }
      let plans = 0;
      const onPlanned = () => prepared.reweigh(key, ++plans * planBytes(text));
      const request = { text, operationName, document, onPlanned };
      const operation = begin(request).catch(refuseEndlessNesting);
      const entry: Prepared = { text, operationName, operation, uses: 1, isRefused: false };
      prepared.set(key, entry, planBytes(text));
      operation.catch((error: unknown) => {
        // What failed for another reason than the text itself may succeed next time.
        if (!(error instanceof RequestError) || error.status === 503) return prepared.delete(key);
        entry.isRefused = true;
        entry.operation = Promise.reject(keepable(error));
        entry.operation.catch(() => undefined);
        prepared.reweigh(key, refusalBytes(text));
      });
      return operation;
    },
    mostUsed(limit) {
      const answered = [...prepared.values()].filter(({ isRefused }) => !isRefused);
      return answered.sort((a, b) => b.uses - a.uses).slice(0, limit);
    },
  };
}

/** Fields have a limit of depth; inline fragments have none but that of the stack, wherever it is reached. */
function refuseEndlessNesting(cause: unknown): never {
  throw isStackOverflow(cause) ? nestedTooDeep() : cause;
}

interface PreparationRequest extends PreparedText {
  readonly document: DocumentNode | undefined;
  onPlanned: SelectedOperation['onPlanned'];
}

async function prepareOperation(
  { supergraph, config, compile, limitCost }: PreparerOptions & { readonly limitCost: LimitCost | undefined },
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

function rootTypeOf({ schema }: Supergraph, { operation }: OperationDefinitionNode): GraphQLObjectType {
  const type = schema.getRootType(operation);
  if (!type) throw refuse(400, 'GRAPHQL_VALIDATION_FAILED', `The schema has no ${operation} type.`);
  return type;
}

export interface NativeCompilerOptions {
  readonly supergraph: Supergraph;
  readonly planDocuments: PlanDocuments;
  readonly scope: ExecutionScope;
  readonly log: Logger;
  /** See `createOverrideDraw`. */
  readonly drawOverride: (() => number) | undefined;
}

/** Plans with the native planner and compiles for our own executor. */
export function createNativeCompiler(options: NativeCompilerOptions): CompileOperation {
  const { supergraph, scope, drawOverride } = options;
  return (selected) => {
    const plan = (parts: OperationParts, draw: number | undefined) => {
      selected.onPlanned();
      return planOperation(options, { ...selected, ...parts }, draw);
    };
    return compileOperation({ ...selected, plan, drawOverride }, supergraph, scope);
  };
}

/** Refusals that are about the moment, not the text alone. */
const passing: ReadonlySet<string> = new Set(['PLANNING_TIMEOUT', 'PLANNING_OVERLOADED']);

async function planOperation(
  { supergraph, planDocuments, log }: Pick<NativeCompilerOptions, 'supergraph' | 'planDocuments' | 'log'>,
  { text, operation, fragments, validated }: OperationParts & Pick<SelectedOperation, 'text' | 'validated'>,
  draw: number | undefined,
): Promise<DocumentPlan> {
  const documents = toPlannable(operation, fragments).map((document) =>
    askTypenames(document, supergraph.schema, supergraph.toldByTypename),
  );
  try {
    return await planDocuments(documents, draw, validated);
  } catch (cause) {
    if (!(cause instanceof PlanningError)) throw cause;
    // That one is no operation's fault, and comes in crowds: it must cost nothing.
    if (cause.code === 'PLANNING_OVERLOADED') log.warn('planning refused', { code: cause.code });
    else log.error('planning failed', { ...operationLabel({ operation, text }), cause });
    throw refuse(passing.has(cause.code) ? 503 : 500, cause.code, cause.message);
  }
}

const operationsOf = (document: DocumentNode): readonly OperationDefinitionNode[] =>
  document.definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);

function validateDocument({ schema }: Supergraph, document: DocumentNode, introspection: boolean): void {
  const introspectionRule = introspection ? MaxIntrospectionDepthRule : NoSchemaIntrospectionCustomRule;
  const rules = [...specifiedRules, ...deferRules, introspectionRule];
  const errors = validate(schema, document, rules, { maxErrors: 20, hideSuggestions: !introspection });
  if (errors.some(({ message }) => message === 'Validation aborted.')) throw tooManyRepetitions();
  if (errors.length > 0) throw new RequestError(400, withCode(errors, 'GRAPHQL_VALIDATION_FAILED'));
}

/** graphql-js compares each pair of fields that are answered under one name, up to a limit of its own. */
const tooManyRepetitions = () =>
  refuse(400, 'FIELD_LIMIT_EXCEEDED', 'The operation selects the same fields too many times. Select each once.');

function selectOperation(document: DocumentNode, name: string | undefined): OperationDefinitionNode {
  const operations = operationsOf(document);
  const named = name ? operations.filter((operation) => operation.name?.value === name) : operations;
  const [operation, ...others] = named;
  if (operation && others.length === 0) return operation;
  const message = operation
    ? 'The document has several operations. Send "operationName" to choose one.'
    : name
      ? `The document has no operation named "${name}".`
      : 'The document has no operation.';
  throw new RequestError(400, [new GraphQLError(message, { extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } })]);
}

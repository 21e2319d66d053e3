import { GraphQLError, getVariableValues, type OperationDefinitionNode } from 'graphql';
import { BoundedCache } from '../bounded-cache.ts';
import { compileIncremental } from '../incremental/compile-incremental.ts';
import { withoutDefer } from '../incremental/resolve-defer.ts';
import type { DocumentPlan } from '../planning/document-planner.ts';
import type { FetchNode, PlanNode } from '../planning/plan.ts';
import { type Conditions, conditionVariables, resolveConditions } from '../planning/resolve-conditions.ts';
import type { RequestContext } from '../request-context.ts';
import { RequestError, withCode } from '../request-error.ts';
import type { SubgraphResponse } from '../subgraph-client/local-subgraph.ts';
import { StreamRefusedError } from '../subgraph-client/stream-refused-error.ts';
import { prepareRequest } from '../subgraph-client/subgraph-client.ts';
import type { Supergraph } from '../supergraph/load-supergraph.ts';
import type { OperationAnswer } from './answer.ts';
import { type ExecutionScope, readAnswer } from './call-subgraph.ts';
import { compilePlan, inSequence } from './compile-plan.ts';
import type { CompiledOperation, OperationSource, Restriction, StreamSource, Variables } from './compiled-operation.ts';
import { Failure } from './failure.ts';
import { compileRootMerge } from './fetch-root.ts';
import { compileIntrospection } from './introspection.ts';
import { compileResponseWriter, introspectionFields, type ResponseWriter } from './response-writer.ts';
import { rootFieldsOf } from './root-fields.ts';
import { Run } from './run.ts';
import { toClientError } from './subgraph-error.ts';
import { compileVariables } from './variables-text.ts';

/**
 * Servers refuse a subscription, or tell that its events have failed, by a response without `data` (specification 7.1);
 * some by null, for errors that stand nowhere in it.
 */
const neverRan = ({ data, errors = [] }: SubgraphResponse): boolean =>
  data === undefined || (data === null && errors.length > 0 && errors.every(({ path }) => path === undefined));

/** Combinations of @skip and @include values that are kept planned for one operation. */
const maxVariants = 64;

/** @throws RequestError the operation cannot be planned */
export async function compileOperation(
  given: OperationSource,
  supergraph: Supergraph,
  scope: ExecutionScope,
): Promise<CompiledOperation> {
  const source = { ...given, ...withoutDefer(given) };
  const names = conditionVariables(source);
  const compile = async (conditions: Conditions, draw?: number): Promise<Variant> => {
    const parts = resolveConditions(source, conditions);
    const restriction = source.restrict?.(parts);
    if (restriction) refuseEmptyStream({ ...source, ...restriction.kept }, restriction, supergraph);
    const planned = source.plan(restriction?.kept ?? parts, draw);
    planned.catch(() => undefined);
    await source.validated;
    // What does not depend on the plan is compiled while it is made.
    const variant = prepareVariant({ ...source, ...parts }, restriction?.denied, supergraph, scope);
    return variant(await planned);
  };
  // Who may not read all of it gets the answer whole, errors included.
  const executeIncrementally = given.restrict ? undefined : compileIncremental(given, supergraph, scope);
  const only = names.length === 0 && !source.drawOverride ? await compile({}) : undefined;
  const variants = new BoundedCache<Promise<Variant>>(maxVariants);
  const variantFor = (variables: Variables): Variant | Promise<Variant> => {
    if (only) return only;
    const draw = source.drawOverride?.();
    const key =
      names.map((name) => (variables[name] === true ? '1' : '0')).join('') + (draw === undefined ? '' : `@${draw}`);
    const known = variants.get(key);
    if (known) return known;
    const made = compile(Object.fromEntries(names.map((name) => [name, variables[name] === true])), draw);
    variants.set(key, made);
    made.catch(() => variants.delete(key));
    return made;
  };
  const allIncluded = resolveConditions(source, Object.fromEntries(names.map((name) => [name, true])));
  return {
    text: source.text,
    operationName: source.operationName,
    kind: source.operation.operation,
    rootFields: rootFieldsOf({ ...source, ...allIncluded }, supergraph),
    coerceVariables: createCoercion(source.operation, supergraph),
    execute: async (variables, context) => (await variantFor(variables)).execute(variables, context),
    stream: async (variables, principal) => (await variantFor(variables)).stream(variables, principal),
    executeIncrementally,
  };
}

/** A stream of events that the caller may not read is not opened. */
function refuseEmptyStream(source: OperationSource, { denied }: Restriction, supergraph: Supergraph): void {
  if (source.operation.operation !== 'subscription' || rootFieldsOf(source, supergraph).length > 0) return;
  const errors = [...denied.values()].flatMap((failure) => Failure.errorsOf(failure));
  throw new RequestError(
    403,
    errors.map(({ message, extensions }) => new GraphQLError(message, { extensions })),
  );
}

/** Variables as the specification coerces them, from what a client sent. */
export function createCoercion(
  operation: OperationDefinitionNode,
  { schema }: Supergraph,
): CompiledOperation['coerceVariables'] {
  const definitions = operation.variableDefinitions ?? [];
  if (definitions.length === 0) return () => ({});
  // `$constructor` has no value where nobody gave it one, though objects inherit something of that name.
  const isInherited = definitions.some(({ variable }) => variable.name.value in Object.prototype);
  return (given) => {
    const { coerced, errors } = getVariableValues(schema, definitions, given, {
      maxErrors: 20,
      // A near miss must not tell the names of enum values and input fields to who may not introspect.
      hideSuggestions: true,
    });
    if (errors) throw new RequestError(400, withCode(errors, 'BAD_USER_INPUT'));
    return isInherited ? { __proto__: null, ...coerced } : coerced;
  };
}

/** The operation under fixed conditions. */
type Variant = Pick<CompiledOperation, 'execute' | 'stream'>;

function prepareVariant(
  source: OperationSource,
  denied: Restriction['denied'] | undefined,
  supergraph: Supergraph,
  scope: ExecutionScope,
): (plan: DocumentPlan) => Variant {
  const { operation, fragments, rootType } = source;
  const { schema, fieldSource } = supergraph;
  const writerFor = (isDisentangled: boolean) =>
    compileResponseWriter({ schema, fragments, fieldSource, isDisentangled, denied }, rootType, operation.selectionSet);
  const usual = writerFor(false);
  const asked = rootFieldsOf(source, supergraph).filter(({ name }) => introspectionFields.has(name.value));
  const introspect = compileIntrospection(schema, operation, fragments, asked);
  return ({ plans, isDisentangled }) => {
    const write = isDisentangled ? writerFor(true) : usual;
    return compileVariant({ kind: operation.operation, plans, write, introspect }, scope);
  };
}

interface VariantParts {
  readonly kind: OperationDefinitionNode['operation'];
  readonly plans: readonly PlanNode[];
  readonly write: ResponseWriter;
  readonly introspect: ReturnType<typeof compileIntrospection>;
}

function compileVariant({ kind, plans, write, introspect }: VariantParts, scope: ExecutionScope): Variant {
  const finish = (run: Run): OperationAnswer => {
    const { data, errors } = write(run);
    return { data, errors, sources: run.sources(), plans };
  };
  if (kind === 'subscription') return compileSubscription(plans, finish, scope);
  const step = inSequence(plans.map((plan) => compilePlan(plan, scope)));
  const runPlan = async (variables: Variables, context: RequestContext) => {
    const run = new Run(variables, context, introspect?.(variables));
    try {
      await step(run);
      return finish(run);
    } finally {
      scope.room.release(run);
    }
  };
  const { sharing } = scope;
  const key = sharing.nextOperation();
  return {
    execute(variables, context) {
      if (kind === 'mutation') {
        return runPlan(variables, { ...context, mayShare: false }).finally(() => sharing.fence());
      }
      const run = (its: RequestContext) => runPlan(variables, its);
      return sharing.shareAnswer({ operation: key, variables, context, run });
    },
    stream() {
      throw new Error('Only a subscription opens a stream.');
    },
  };
}

/** The first fetch opens the stream; the rest of the plan joins each event with the other subgraphs. */
function compileSubscription(
  plans: readonly PlanNode[],
  finish: (run: Run) => OperationAnswer,
  scope: ExecutionScope,
): Variant {
  const { primary, rest } = splitSubscription(plans);
  const client = scope.client(primary.service);
  const request = prepareRequest(primary.request);
  const writeVariables = compileVariables(primary.request.variables);
  const merge = compileRootMerge(primary, scope);
  const join = inSequence(rest.map((node) => compilePlan(node, scope)));
  const refusal = ({ errors = [] }: SubgraphResponse) => {
    const shown = errors.map((error) => toClientError(error, primary.service, scope.exposure));
    return new RequestError(
      400,
      shown.map(({ message, extensions }) => new GraphQLError(message, { extensions })),
    );
  };
  return {
    async stream(variables) {
      const source: StreamSource = { client, operation: request.operation, variables: writeVariables(variables) };
      return {
        source,
        hasSourceOf: ({ source: other }) =>
          other.client === client && other.operation === source.operation && other.variables === source.variables,
        async *open(context) {
          try {
            for await (const event of await client.subscribe({ request, variables: source.variables, context })) {
              if (neverRan(event)) throw refusal(event);
              yield event;
            }
          } catch (cause) {
            throw cause instanceof StreamRefusedError ? refusal(cause.response) : cause;
          }
        },
        async answer(event, context) {
          // What the event tells of has happened: queries that it sets off must see it.
          scope.sharing.fence();
          const run = new Run(variables, context);
          merge(run, readAnswer(scope, primary.service, event, run));
          try {
            await join(run);
            return finish(run);
          } finally {
            scope.room.release(run);
          }
        },
      };
    },
    execute() {
      throw new Error('A subscription is opened, not run.');
    },
  };
}

function splitSubscription(plans: readonly PlanNode[]): { primary: FetchNode; rest: readonly PlanNode[] } {
  const [plan] = plans;
  const nodes = plan?.kind === 'sequence' ? plan.nodes : plan ? [plan] : [];
  const [first, ...rest] = nodes;
  if (first?.kind === 'subscribe') return { primary: first.primary, rest };
  const extensions = { code: 'PLANNING_FAILED' };
  throw new RequestError(500, [new GraphQLError('This subscription cannot be planned.', { extensions })]);
}

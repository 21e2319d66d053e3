import {
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLObjectType,
  getVariableValues,
  Kind,
  type OperationDefinitionNode,
  visit,
} from 'graphql';
import { BoundedCache } from '../bounded-cache.ts';
import type { FetchNode, PlanNode } from '../planning/plan.ts';
import { RequestError, withCode } from '../request-error.ts';
import type { SubgraphResponse } from '../subgraph-client/local-subgraph.ts';
import { StreamRefusedError } from '../subgraph-client/stream-refused-error.ts';
import { prepareRequest } from '../subgraph-client/subgraph-client.ts';
import type { Supergraph } from '../supergraph/load-supergraph.ts';
import { type ExecutionScope, readAnswer } from './call-subgraph.ts';
import { compilePlan, inSequence } from './compile-plan.ts';
import { compileRootMerge } from './fetch-root.ts';
import { compileIntrospection } from './introspection.ts';
import { compileResponseWriter, introspectionFields, type ResponseWriter } from './response-writer.ts';
import { type ConsultedSource, type RequestContext, Run } from './run.ts';
import { selectFields } from './select-fields.ts';
import type { Step } from './step.ts';
import { toClientError } from './subgraph-error.ts';
import { compileVariables } from './variables-text.ts';

/** A finished answer: `data` is JSON text, so that it is encoded once however often it is sent. */
export interface OperationAnswer {
  readonly data: string;
  readonly errors: readonly GraphQLFormattedError[];
  readonly sources: readonly ConsultedSource[];
}

export type Variables = Readonly<Record<string, unknown>>;

/** One operation of one supergraph, planned and compiled: everything that does not depend on a request is done. */
export interface CompiledOperation {
  readonly kind: OperationDefinitionNode['operation'];
  /** The response key's field and arguments of a subscription; see `resumesAt`. */
  readonly rootFields: readonly FieldNode[];
  /** @throws RequestError a variable does not fit */
  coerceVariables(given: Variables): Variables;
  execute(variables: Variables, context: RequestContext): Promise<OperationAnswer>;
  /**
   * One answer per event; ends when the subgraph ends the stream.
   * @throws SubgraphCallError the stream broke. RequestError the subgraph refused it
   */
  subscribe(variables: Variables, context: RequestContext): AsyncIterable<OperationAnswer>;
}

export interface OperationSource {
  readonly operation: OperationDefinitionNode;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly rootType: GraphQLObjectType;
  /** Run one after the other; none where the gateway answers alone. */
  readonly plans: readonly PlanNode[];
}

/** Variants of one operation by the values of its @skip and @include variables that are kept compiled. */
const maxVariants = 64;

export function compileOperation(
  source: OperationSource,
  supergraph: Supergraph,
  scope: ExecutionScope,
): CompiledOperation {
  const { operation, plans } = source;
  const writerFor = createWriters(source, supergraph);
  const introspect = createIntrospection(source, supergraph);
  const finish = (run: Run): OperationAnswer => {
    const { data, errors } = writerFor(run.variables)(run.root, run.errors);
    return { data, errors, sources: run.sources() };
  };
  const subscription = operation.operation === 'subscription' ? compileSubscription(plans, scope) : undefined;
  const step = subscription ? undefined : inSequence(plans.map((plan) => compilePlan(plan, scope)));
  return {
    kind: operation.operation,
    rootFields: [...rootFieldsOf(source, supergraph, {}).values()].flat(),
    coerceVariables: createCoercion(operation, supergraph),
    async execute(variables, context) {
      const run = new Run(variables, context, introspect(variables));
      await step?.(run);
      return finish(run);
    },
    async *subscribe(variables, context) {
      if (!subscription) throw new Error('Only a subscription opens a stream.');
      try {
        for await (const event of await subscription.open(variables, context)) {
          // A response without `data` never ran (specification 7.1): servers refuse a subscription that way, too.
          if (event.data === undefined) throw subscription.refusal(event);
          yield finish(await subscription.resolve(event, variables, context));
        }
      } catch (cause) {
        throw cause instanceof StreamRefusedError ? subscription.refusal(cause.response) : cause;
      }
    },
  };
}

function createCoercion(
  operation: OperationDefinitionNode,
  { schema }: Supergraph,
): CompiledOperation['coerceVariables'] {
  const definitions = operation.variableDefinitions ?? [];
  if (definitions.length === 0) return () => ({});
  return (given) => {
    const { coerced, errors } = getVariableValues(schema, definitions, given, { maxErrors: 20 });
    if (errors) throw new RequestError(400, withCode(errors, 'BAD_USER_INPUT'));
    return coerced;
  };
}

function createWriters(source: OperationSource, supergraph: Supergraph): (variables: Variables) => ResponseWriter {
  const { operation, fragments, rootType } = source;
  const { schema, fieldSource } = supergraph;
  const names = conditionVariables(source);
  const compile = (conditions: Record<string, boolean>) =>
    compileResponseWriter({ schema, fragments, conditions, fieldSource }, rootType, operation.selectionSet);
  if (names.length === 0) {
    const writer = compile({});
    return () => writer;
  }
  const variants = new BoundedCache<ResponseWriter>(maxVariants);
  return (variables) => {
    const key = names.map((name) => (variables[name] === true ? '1' : '0')).join('');
    const known = variants.get(key);
    if (known) return known;
    const writer = compile(Object.fromEntries(names.map((name) => [name, variables[name] === true])));
    variants.set(key, writer);
    return writer;
  };
}

function conditionVariables({ operation, fragments }: OperationSource): readonly string[] {
  const names = new Set<string>();
  for (const node of [operation, ...fragments.values()]) {
    visit(node, {
      Directive: ({ name, arguments: given }) => {
        const value = given?.find((argument) => argument.name.value === 'if')?.value;
        if ((name.value === 'skip' || name.value === 'include') && value?.kind === Kind.VARIABLE) {
          names.add(value.name.value);
        }
      },
    });
  }
  return [...names];
}

function rootFieldsOf(source: OperationSource, { schema }: Supergraph, conditions: Record<string, boolean>) {
  const { operation, fragments, rootType } = source;
  return selectFields({ schema, fragments, conditions }, rootType, [operation.selectionSet]);
}

/** Conditions on introspection fields are left to graphql-js, which gets the nodes as they stand. */
function createIntrospection(
  source: OperationSource,
  supergraph: Supergraph,
): (variables: Variables) => Record<string, unknown> {
  const { operation, fragments } = source;
  const everyCondition = Object.fromEntries(conditionVariables(source).map((name) => [name, true]));
  const nodes = [...rootFieldsOf(source, supergraph, everyCondition).values()].flat();
  const fields = nodes.filter(({ name }) => introspectionFields.has(name.value));
  return compileIntrospection(supergraph.schema, operation, fragments, fields) ?? (() => ({}));
}

interface CompiledSubscription {
  open(variables: Variables, context: RequestContext): Promise<AsyncIterable<SubgraphResponse>>;
  resolve(event: SubgraphResponse, variables: Variables, context: RequestContext): Promise<Run>;
  refusal(response: SubgraphResponse): RequestError;
}

/** The first fetch opens the stream; the rest of the plan joins each event with the other subgraphs. */
function compileSubscription(plans: readonly PlanNode[], scope: ExecutionScope): CompiledSubscription {
  const { primary, rest } = splitSubscription(plans);
  const client = scope.client(primary.service);
  const request = prepareRequest(primary.request);
  const writeVariables = compileVariables(primary.request.variables);
  const merge = compileRootMerge(primary, scope);
  const join: Step = inSequence(rest.map((node) => compilePlan(node, scope)));
  return {
    open: (variables, context) => client.subscribe({ request, variables: writeVariables(variables), context }),
    async resolve(event, variables, context) {
      const run = new Run(variables, context);
      merge(run, readAnswer(scope, primary.service, event, run));
      await join(run);
      return run;
    },
    refusal(response) {
      const errors = (response.errors ?? []).map((error) => toClientError(error, primary.service, scope.exposure));
      return new RequestError(
        400,
        errors.map(({ message, extensions }) => new GraphQLError(message, { extensions })),
      );
    },
  };
}

function splitSubscription(plans: readonly PlanNode[]): { primary: FetchNode; rest: readonly PlanNode[] } {
  const [plan] = plans;
  const nodes = plan?.kind === 'sequence' ? plan.nodes : plan ? [plan] : [];
  const [first, ...rest] = nodes;
  if (first?.kind !== 'subscribe') {
    const extensions = { code: 'PLANNING_FAILED' };
    throw new RequestError(400, [new GraphQLError('This subscription cannot be planned.', { extensions })]);
  }
  return { primary: first.primary, rest };
}

import {
  type DocumentNode,
  type FieldNode,
  type FormattedExecutionResult,
  type GraphQLFormattedError,
  Kind,
  visit,
} from 'graphql';
import { BoundedCache } from '../../runtime/bounded-cache.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { OperationAnswer } from '../execution/answer.ts';
import { createCoercion } from '../execution/compile/coercion.ts';
import type { CompiledOperation, Variables } from '../execution/compiled-operation.ts';
import { Run } from '../execution/run.ts';
import type { CompileOperation, SelectedOperation } from '../execution/selected-operation.ts';
import type { Sharing } from '../execution/sharing/sharing.ts';
import { withoutDefer } from '../incremental/resolve-defer.ts';
import { disentangle, findDemanding } from '../planning/disentangle.ts';
import { hasMistakableAlias } from '../planning/mistakable-aliases.ts';
import type { OperationParts } from '../planning/operation-parts.ts';
import { conditionVariables, resolveConditions } from '../planning/resolve-conditions.ts';
import { clientKey, selectedKey } from '../planning/selected-keys.ts';
import { type LabelledOperation, operationLabel } from '../request/operation-label.ts';
import type { RequestContext } from '../request/request-context.ts';
import { RequestError, refuse } from '../request/request-error.ts';
import type { AnswerRoom } from '../subgraph-client/answer-room.ts';
import type { Supergraph } from '../supergraph/load-supergraph.ts';
import { inSeries, oneAfterTheOther } from './in-series.ts';
import type { ApolloExecutor, ApolloLogger } from './load-apollo-gateway.ts';

export interface ApolloScope {
  readonly supergraph: Supergraph;
  readonly executor: ApolloExecutor;
  readonly sharing: Sharing;
  readonly room: AnswerRoom;
  readonly log: Logger;
  readonly apolloLog: ApolloLogger;
}

/** Runs operations that passed our limits and validation with Apollo's planner and executor. */
export function createApolloCompiler(scope: ApolloScope): CompileOperation {
  return async (selected): Promise<CompiledOperation> => {
    const { text, operationName, operation, onPlanned } = selected;
    const kind = operation.operation;
    if (selected.restrict) throw notForYou();
    if (kind === 'subscription') throw needsNativeEngine();
    onPlanned();
    const key = scope.sharing.nextOperation();
    const queryHash = JSON.stringify([operationName, text]);
    const documentFor = createDocumentVariants(selected, scope.supergraph);
    const runPlan = async (variables: Variables, context: RequestContext) => {
      const run = new Run(variables, context);
      try {
        const { documents, key: variant, isDisentangled } = documentFor(variables);
        const result = await oneAfterTheOther(documents, (document, index) =>
          scope
            .executor({
              request: { variables },
              operationName: operation.name?.value ?? null,
              document,
              queryHash: `${queryHash}${variant}:${index}`,
              context: run,
              logger: scope.apolloLog,
              metrics: {},
            })
            .catch((cause: unknown) => {
              throw planningFailed(scope.log, selected, cause);
            }),
        );
        return toAnswer(isDisentangled ? entangle(result) : result, run, scope.log);
      } finally {
        scope.room.release(run);
      }
    };
    return {
      text,
      operationName,
      name: operation.name?.value,
      kind,
      // Asked for by streams only.
      rootFields: [],
      coerceVariables: createCoercion(operation, scope.supergraph),
      execute(variables, context) {
        if (kind === 'mutation') {
          return runPlan(variables, { ...context, mayShare: false }).finally(() => scope.sharing.fence());
        }
        const run = (its: RequestContext) => runPlan(variables, its);
        return scope.sharing.shareAnswer({ operation: key, variables, context, run });
      },
      stream: () => Promise.reject(needsNativeEngine()),
    };
  };
}

/** Combinations of @skip and @include values that are kept for one operation. */
const maxVariants = 64;

/**
 * The document with its conditions decided: Apollo's planner (2.14.4) may give all fields of a fetch the condition of one.
 */
function createDocumentVariants(selected: SelectedOperation, { schema, subgraphTypes }: Supergraph) {
  // Who defers is answered whole, as the specification allows: this engine's plans have no stages.
  const whole = withoutDefer(selected);
  const names = conditionVariables(whole);
  const variants = new BoundedCache<ApolloDocument>(maxVariants);
  return (variables: Variables): ApolloDocument & { key: string } => {
    const key = names.map((name) => (variables[name] === true ? '1' : '0')).join('');
    const known = variants.get(key);
    if (known) return { ...known, key };
    const values = Object.fromEntries(names.map((name) => [name, variables[name] === true]));
    const document = withoutEmptySelections(documentOf(resolveConditions(whole, values)));
    // Apollo's executor takes what stands under a name for what the planner asked for under it.
    const isDisentangled =
      hasMistakableAlias(document, subgraphTypes) || findDemanding(document, schema, subgraphTypes).size > 0;
    const variant = { documents: inSeries(isDisentangled ? disentangleAll(document) : document), isDisentangled };
    variants.set(key, variant);
    return { ...variant, key };
  };
}

interface ApolloDocument {
  /** To be run one after the other. */
  readonly documents: readonly DocumentNode[];
  /** Whether selected fields have keys of their own: see `disentangle`. */
  readonly isDisentangled: boolean;
}

/** Aliases of `__typename` as well, which our own planners never get to see. */
const disentangleAll = (document: DocumentNode): DocumentNode =>
  visit(disentangle(document), {
    Field({ alias, name, ...node }) {
      if (!alias || !name.value.startsWith('__')) return undefined;
      return { ...node, name, alias: { ...alias, value: selectedKey(alias.value) } };
    },
  });

/** The result as if each field had been asked for under the client's name. */
function entangle({ data, errors, ...rest }: FormattedExecutionResult): FormattedExecutionResult {
  return {
    ...rest,
    ...(data !== undefined && { data: withClientKeys(data) as FormattedExecutionResult['data'] & object }),
    ...(errors && { errors: errors.map(withClientPath) }),
  };
}

function withClientKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withClientKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [clientKey(key), withClientKeys(member)]));
}

function withClientPath(error: GraphQLFormattedError): GraphQLFormattedError {
  return error.path
    ? { ...error, path: error.path.map((step) => (typeof step === 'string' ? clientKey(step) : step)) }
    : error;
}

const documentOf = ({ operation, fragments }: OperationParts): DocumentNode => ({
  kind: Kind.DOCUMENT,
  definitions: [operation, ...fragments.values()],
});

/** Where a condition left nothing to select, something is selected that never comes: the object itself is answered. */
function withoutEmptySelections(document: DocumentNode): DocumentNode {
  return visit(document, {
    SelectionSet: {
      leave(node) {
        const selections = node.selections.filter(
          (child) =>
            child.kind !== Kind.INLINE_FRAGMENT || child.selectionSet.selections.some((each) => each !== never),
        );
        return { ...node, selections: selections.length > 0 ? selections : [never] };
      },
    },
  });
}

const never: FieldNode = {
  kind: Kind.FIELD,
  name: { kind: Kind.NAME, value: '__typename' },
  directives: [
    {
      kind: Kind.DIRECTIVE,
      name: { kind: Kind.NAME, value: 'skip' },
      arguments: [
        {
          kind: Kind.ARGUMENT,
          name: { kind: Kind.NAME, value: 'if' },
          value: { kind: Kind.BOOLEAN, value: true },
        },
      ],
    },
  ],
};

/** Apollo's gateway refuses supergraphs with such rules at the start: one that did not would show what they hide. */
const notForYou = () =>
  refuse(
    403,
    'UNAUTHORIZED_FIELD_OR_TYPE',
    'You may not read all of this operation, and the fallback engine leaves nothing out. Ask for what you may read.',
  );

const needsNativeEngine = () =>
  refuse(
    400,
    'SUBSCRIPTION_NEEDS_NATIVE_ENGINE',
    'This gateway runs on its fallback engine, which has no subscriptions. They are served with engine: native.',
  );

/** What Apollo's executor throws comes from planning: everything later is in its result. */
function planningFailed(log: Logger, operation: LabelledOperation, cause: unknown): unknown {
  if (cause instanceof RequestError) return cause;
  log.error('planning failed', { ...operationLabel(operation), cause });
  return refuse(500, 'PLANNING_FAILED', 'No plan answers this operation.');
}

/** Nulls that Apollo's executor had to propagate are told beside the errors, and only where there is no error. */
function toAnswer({ data, errors, extensions }: FormattedExecutionResult, run: Run, log: Logger): OperationAnswer {
  const completed = (extensions?.['valueCompletion'] ?? []) as readonly GraphQLFormattedError[];
  const [first] = completed;
  if (first) {
    const { requestId } = run.context;
    const fields = { requestId, path: first.path, problem: first.message, misfits: completed.length };
    log.warn('subgraph answer does not fit the schema', fields);
  }
  return {
    data: JSON.stringify(data ?? null),
    errors: [
      ...(errors ?? []).map((error) => asClientsRead(error, log)),
      ...completed.map(withClientPath).map(({ message, path }) => ({
        message,
        ...(path && { path }),
        extensions: { code: completionCode(message), retryable: false },
      })),
    ],
    sources: run.sources(),
  };
}

const completionCode = (message: string) =>
  message.startsWith('Cannot return null') ? 'NULL_FOR_NON_NULL' : 'SUBGRAPH_MALFORMED_RESPONSE';

/** Errors of subgraphs were made readable when they arrived; others are the executor's, and may tell what is inside. */
function asClientsRead({ message, path, extensions = {} }: GraphQLFormattedError, log: Logger): GraphQLFormattedError {
  const { serviceName: _, ...shown } = extensions;
  // A path with the list step of a plan is not one of the response.
  const place = path && !path.includes('@') && path.length > 0 ? { path } : {};
  if (typeof shown['service'] === 'string') return { message, ...place, extensions: shown };
  log.error('fallback engine failed', { message });
  return {
    message: 'A subgraph gave an answer that does not fit the schema.',
    ...place,
    extensions: { code: 'SUBGRAPH_MALFORMED_RESPONSE', retryable: false },
  };
}

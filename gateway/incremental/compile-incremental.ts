import { Kind } from 'graphql';
import { BoundedCache } from '../../runtime/bounded-cache.ts';
import { compileIntrospection } from '../execution/compile/introspection.ts';
import type { ExecuteIncrementally, OperationSource } from '../execution/compiled-operation.ts';
import type { ExecutionScope } from '../execution/fetch/call-subgraph.ts';
import { createFindGivers } from '../execution/fetch/givers.ts';
import { rootFieldsOf } from '../execution/root-fields.ts';
import { Run } from '../execution/run.ts';
import { tellMisfits } from '../execution/tell-misfits.ts';
import { compileResponseWriter, introspectionFields } from '../execution/write/response-writer.ts';
import { isContextual } from '../planning/contextual-fields.ts';
import type { OperationParts } from '../planning/operation-parts.ts';
import { type Conditions, conditionVariables, resolveConditions } from '../planning/resolve-conditions.ts';
import type { Supergraph } from '../supergraph/load-supergraph.ts';
import { compileFind, createDeferSearch } from './find-deferred.ts';
import { followUp } from './incremental-answer.ts';
import { treeOfSelections } from './key-tree.ts';
import { readDefer, resolveDefer, withoutDefer, withoutDeferred } from './resolve-defer.ts';
import { stagePlan } from './stage-plan.ts';
import { treesOfDeferred } from './trees-of-deferred.ts';

/** Combinations of @skip, @include and @defer values that are kept planned for one operation. */
const maxVariants = 16;

/**
 * Compiles the answer in parts of an operation with @defer. It is planned whole, as if nothing were deferred; the plan then
 * runs in stages (`stagePlan`).
 * @param source as the client sent it
 * @returns undefined where nothing can be deferred
 */
export function compileIncremental(
  source: OperationSource,
  supergraph: Supergraph,
  scope: ExecutionScope,
): ExecuteIncrementally | undefined {
  const { hasDefer, variables: names } = readDefer(source);
  if (!hasDefer || source.operation.operation === 'subscription') return undefined;
  // Parts would have to find again what stands above them: such an operation is answered whole.
  const document = { kind: Kind.DOCUMENT, definitions: [source.operation, ...source.fragments.values()] } as const;
  if (isContextual(document, supergraph)) return undefined;
  const conditions = [...new Set([...conditionVariables(source), ...names])];
  const variants = new BoundedCache<Promise<ExecuteIncrementally>>(maxVariants);
  return async (variables, context) => {
    const draw = source.drawOverride?.();
    const values = Object.fromEntries(conditions.map((name) => [name, variables[name] === true]));
    const key = JSON.stringify([Object.values(values), draw]);
    let variant = variants.get(key);
    if (!variant) {
      variant = compileVariant(source, values, draw, supergraph, scope);
      variants.set(key, variant);
      variant.catch(() => variants.delete(key));
    }
    return (await variant)(variables, context);
  };
}

async function compileVariant(
  source: OperationSource,
  conditions: Conditions,
  draw: number | undefined,
  supergraph: Supergraph,
  scope: ExecutionScope,
): Promise<ExecuteIncrementally> {
  const parts = resolveDefer(resolveConditions(source, conditions), conditions);
  const whole = withoutDefer(parts);
  const now = withoutDeferred(parts);
  const { schema, fieldSource } = supergraph;
  const plan = await source.plan(whole, draw);
  const wanted = treeOfSelections([now.operation.selectionSet], now.fragments);
  const staged = stagePlan(plan, { ...scope, supergraph, selected: [wanted, ...treesOfDeferred(parts)] });
  const step = staged.stepFor(wanted);
  const writer = { schema, fragments: now.fragments, fieldSource, isDisentangled: plan.isDisentangled };
  const write = compileResponseWriter(writer, source.rootType, now.operation.selectionSet);
  const hasDeferred = createDeferSearch(parts.fragments);
  const deferScope = { schema, fragments: parts.fragments, writer, stepFor: staged.stepFor, hasDeferred };
  const find = compileFind(deferScope, source.rootType, [parts.operation.selectionSet]);
  const introspect = compileIntrospection(
    schema,
    whole.operation,
    whole.fragments,
    introspectionOf(source, whole, supergraph),
  );
  const findGivers = createFindGivers(staged.plans, scope.types);
  const isMutation = source.operation.operation === 'mutation';
  return async (variables, given) => {
    const context = isMutation ? { ...given, mayShare: false } : given;
    const run = new Run(variables, context, introspect?.(variables));
    run.findGivers = findGivers;
    try {
      await step(run);
      const { data, errors } = write(run);
      tellMisfits(scope, run);
      const first = { data, errors, sources: run.sources(), plans: staged.plans };
      return followUp(first, { run, find, tellMisfits: (its) => tellMisfits(scope, its) });
    } finally {
      scope.room.release(run);
      if (isMutation) scope.sharing.fence();
    }
  };
}

const introspectionOf = (source: OperationSource, whole: OperationParts, supergraph: Supergraph) =>
  rootFieldsOf({ ...source, ...whole }, supergraph).filter(({ name }) => introspectionFields.has(name.value));

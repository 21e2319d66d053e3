import type { Rewrite, RewriteStep } from '../../planning/plan.ts';
import type { TypeIndex } from '../../supergraph/load-supergraph.ts';
import { isResponseObject, type ResponseObject, typenameOf } from '../response-data.ts';

type Apply = (value: unknown) => void;

/** Compiles the planner's rewrites of one object into one function that changes it in place. */
export function compileRewrites(rewrites: readonly Rewrite[], types: TypeIndex): (value: ResponseObject) => void {
  const all = rewrites.map((rewrite) => compileRewrite(rewrite, types));
  return (value) => {
    for (const apply of all) apply(value);
  };
}

function compileRewrite(rewrite: Rewrite, types: TypeIndex): Apply {
  const last = rewrite.path.at(-1);
  if (last?.kind !== 'key') return () => undefined;
  const change = rewrite.kind === 'set' ? setValue(last.name, rewrite.value) : renameKey(last.name, rewrite.to);
  return rewrite.path
    .slice(0, -1)
    .reduceRight<Apply>((next, step) => compileStep(step, next, types), onObjects(change));
}

function compileStep(step: RewriteStep, next: Apply, types: TypeIndex): Apply {
  if (step.kind === 'key') return onObjects((value) => next(value[step.name]));
  const wanted = new Set(step.names.flatMap((name) => [name, ...types.possible(name)]));
  return onObjects((value) => {
    const typename = typenameOf(value);
    if (typename === undefined || wanted.has(typename)) next(value);
  });
}

function onObjects(apply: (value: ResponseObject) => void): Apply {
  const visit: Apply = (value) => {
    if (Array.isArray(value)) for (const item of value) visit(item);
    else if (isResponseObject(value)) apply(value);
  };
  return visit;
}

const setValue = (name: string, to: string) => (value: ResponseObject) => {
  value[name] = to;
};

const renameKey = (name: string, to: string) => (value: ResponseObject) => {
  if (!(name in value)) return;
  value[to] = value[name];
  delete value[name];
};

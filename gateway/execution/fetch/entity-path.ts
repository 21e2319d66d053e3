import type { PathStep } from '../../planning/plan.ts';
import type { TypeIndex } from '../../supergraph/load-supergraph.ts';
import { Failure } from '../failure.ts';
import { isResponseObject, type ResponseObject, typenameOf } from '../response-data.ts';

/**
 * Calls `visit` once with every object that stands at the compiled path below `value`, however often it stands there.
 * `isShared` says whether any object may stand at two places: only then is there something to remember.
 */
export type EntityPath = (value: unknown, isShared: boolean, visit: (entity: ResponseObject) => void) => void;

/** `seen` has a set for each step: places that share a part of an answer lead to the same objects again. */
type Walk = (value: unknown, visit: (entity: ResponseObject) => void, seen: Seen | undefined) => void;
type Seen = readonly Set<unknown>[];

/** Compiles a path once, so that a request only walks data. */
export function compileEntityPath(steps: readonly PathStep[], types: TypeIndex): EntityPath {
  const last = createVisit(steps.length);
  const walk = steps.reduceRight<Walk>((next, step, index) => compileStep(step, next, types, index), last);
  return (value, isShared, visit) =>
    walk(value, visit, isShared ? Array.from({ length: steps.length + 1 }, () => new Set()) : undefined);
}

function compileStep(step: PathStep, next: Walk, types: TypeIndex, index: number): Walk {
  switch (step.kind) {
    case 'field':
      return createFieldStep(step.name, next);
    case 'list':
      return createListStep(next, index);
    case 'types': {
      const wanted = new Set(step.names.flatMap((name) => [name, ...types.possible(name)]));
      return createTypeStep(wanted, next);
    }
  }
}

function createFieldStep(name: string, next: Walk): Walk {
  const walk: Walk = (value, visit, seen) => {
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) for (const item of value) walk(item, visit, seen);
    else next((value as ResponseObject)[name], visit, seen);
  };
  return walk;
}

function createListStep(next: Walk, index: number): Walk {
  return (value, visit, seen) => {
    if (!Array.isArray(value)) return;
    const lists = seen?.[index];
    if (lists?.has(value)) return;
    lists?.add(value);
    for (const item of value) next(item, visit, seen);
  };
}

function createTypeStep(wanted: ReadonlySet<string>, next: Walk): Walk {
  const walk: Walk = (value, visit, seen) => {
    if (Array.isArray(value)) for (const item of value) walk(item, visit, seen);
    else if (isResponseObject(value)) {
      const typename = typenameOf(value);
      if (typename === undefined || wanted.has(typename)) next(value, visit, seen);
    }
  };
  return walk;
}

function createVisit(index: number): Walk {
  const walk: Walk = (value, visit, seen) => {
    if (Array.isArray(value)) for (const item of value) walk(item, visit, seen);
    else if (isResponseObject(value) && !(value instanceof Failure)) {
      const objects = seen?.[index];
      if (objects?.has(value)) return;
      objects?.add(value);
      visit(value);
    }
  };
  return walk;
}

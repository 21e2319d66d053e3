import type { PathStep } from '../planning/plan.ts';
import type { TypeIndex } from '../supergraph/load-supergraph.ts';
import { Failure } from './failure.ts';
import { isResponseObject, type ResponseObject, typenameOf } from './response-data.ts';

/** Calls `visit` with every object that stands at the compiled path below `value`. */
export type EntityPath = (value: unknown, visit: (entity: ResponseObject) => void) => void;

/** Compiles a path once, so that a request only walks data. */
export function compileEntityPath(steps: readonly PathStep[], types: TypeIndex): EntityPath {
  return steps.reduceRight<EntityPath>((next, step) => compileStep(step, next, types), visitEntity);
}

function compileStep(step: PathStep, next: EntityPath, types: TypeIndex): EntityPath {
  switch (step.kind) {
    case 'field':
      return createFieldStep(step.name, next);
    case 'list':
      return walkList(next);
    case 'types': {
      const wanted = new Set(step.names.flatMap((name) => [name, ...types.possible(name)]));
      return createTypeStep(wanted, next);
    }
  }
}

function createFieldStep(name: string, next: EntityPath): EntityPath {
  const walk: EntityPath = (value, visit) => {
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) for (const item of value) walk(item, visit);
    else next((value as ResponseObject)[name], visit);
  };
  return walk;
}

function walkList(next: EntityPath): EntityPath {
  return (value, visit) => {
    if (Array.isArray(value)) for (const item of value) next(item, visit);
  };
}

function createTypeStep(wanted: ReadonlySet<string>, next: EntityPath): EntityPath {
  const walk: EntityPath = (value, visit) => {
    if (Array.isArray(value)) for (const item of value) walk(item, visit);
    else if (isResponseObject(value)) {
      const typename = typenameOf(value);
      if (typename === undefined || wanted.has(typename)) next(value, visit);
    }
  };
  return walk;
}

const visitEntity: EntityPath = (value, visit) => {
  if (Array.isArray(value)) for (const item of value) visitEntity(item, visit);
  else if (isResponseObject(value) && !(value instanceof Failure)) visit(value);
};

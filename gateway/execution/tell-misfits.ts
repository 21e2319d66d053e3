import type { ExecutionScope } from './fetch/call-subgraph.ts';
import type { Run } from './run.ts';

/**
 * Tells who looks after the subgraphs what does not fit the schema, in one line for each answer. Once it is written, and
 * before its sources are.
 */
export function tellMisfits({ exposure }: Pick<ExecutionScope, 'exposure'>, run: Run): void {
  const { misfits } = run;
  if (!misfits) return;
  run.misfits = undefined;
  const { first, services, count } = misfits;
  const others = [...services].filter((name) => !first.services.includes(name));
  exposure.log.warn('subgraph answer does not fit the schema', {
    ...(first.services.length > 1 ? { subgraphs: first.services } : { subgraph: first.services[0] }),
    requestId: run.context.requestId,
    path: first.path,
    field: first.field,
    expected: first.expected,
    given: first.given,
    misfits: count,
    ...(others.length > 0 && { alsoIn: others }),
  });
  for (const name of services) {
    run.doubt(name);
    exposure.misfitted?.(name);
  }
}

import type { ExceptionPort } from '../../connectors/ops/port.ts';
import { mutations } from '../mutations.ts';
import type { OwnedField } from '../owned-field.ts';
import { plantOnlyFields } from '../plant-only.ts';
import { readTypeDefs } from '../read-type-defs.ts';
import { scalars } from '../scalars.ts';
import type { Subgraph, SubgraphOptions } from '../subgraph.ts';
import { buildSubgraphSchema } from '../subgraph-schema.ts';
import { TransitionExecutor } from '../transition-executor.ts';
import type { OperationsPolicies } from './authority.ts';
import { createOpsContext, type OpsContext } from './context.ts';
import { entities } from './entities.ts';
import { jsonScalar } from './json-scalar.ts';
import { queries } from './queries.ts';
import { subscriptions } from './subscriptions.ts';
import { createOpsTransitions } from './transitions.ts';

export interface OpsSubgraphOptions extends SubgraphOptions {
  readonly policies: SubgraphOptions['policies'] & OperationsPolicies;
  /** What the workflows could not finish. */
  readonly exceptions: ExceptionPort;
  /** The owners that the supergraph was composed with. */
  readonly ownership: readonly OwnedField[];
}

/** Andon's own part of the graph: journal, interlocks, audit trail, exceptions, and what all systems say together. */
export function createOpsSubgraph(options: OpsSubgraphOptions): Subgraph {
  const { exceptions, runtime } = options;
  const transitions = createOpsTransitions(exceptions);
  const executor = new TransitionExecutor({ ...options, system: 'ANDON', transitions, port: exceptions });
  const resolvers = {
    ...scalars,
    ...plantOnlyFields,
    JSON: jsonScalar,
    ...queries,
    ...entities,
    ...mutations<OpsContext>(transitions),
    ...subscriptions,
  };
  const services = { ...options, executor, clock: runtime.clock };
  return {
    name: 'ops',
    schema: buildSubgraphSchema(readTypeDefs('ops'), resolvers),
    createContext: (call) => createOpsContext(call, services),
    restrictions: null,
    executor,
  };
}

import type { ExceptionPort } from '../../connectors/ops/port.ts';
import { plantOnlyFields } from '../reading/plant-only.ts';
import type { OwnedField } from '../schema/owned-field.ts';
import { readTypeDefs } from '../schema/read-type-defs.ts';
import { scalars } from '../schema/scalars.ts';
import { buildSubgraphSchema } from '../schema/subgraph-schema.ts';
import type { Subgraph, SubgraphOptions } from '../subgraph.ts';
import { mutations } from '../transitions/mutations.ts';
import { TransitionExecutor } from '../transitions/transition-executor.ts';
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

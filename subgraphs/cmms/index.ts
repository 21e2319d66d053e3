import type { CmmsPort } from '../../connectors/cmms/port.ts';
import { plantOnlyFields } from '../reading/plant-only.ts';
import { readTypeDefs } from '../schema/read-type-defs.ts';
import { scalars } from '../schema/scalars.ts';
import { buildSubgraphSchema } from '../schema/subgraph-schema.ts';
import type { Subgraph, SubgraphOptions } from '../subgraph.ts';
import { mutations } from '../transitions/mutations.ts';
import { TransitionExecutor } from '../transitions/transition-executor.ts';
import { type CmmsContext, createCmmsContext } from './context.ts';
import { entities } from './entities.ts';
import { queries } from './queries.ts';
import { subscriptions } from './subscriptions.ts';
import { createCmmsTransitions } from './transitions.ts';

/** The CMMS's part of the graph: assets, where they are used, and what is done to them. */
export function createCmmsSubgraph(options: SubgraphOptions & { readonly port: CmmsPort }): Subgraph {
  const { port, journal, policies, runtime } = options;
  const transitions = createCmmsTransitions(port);
  const executor = new TransitionExecutor({ ...options, system: 'CMMS', transitions });
  const resolvers = {
    ...scalars,
    ...plantOnlyFields,
    ...queries,
    ...entities,
    ...mutations<CmmsContext>(transitions),
    ...subscriptions,
  };
  return {
    name: 'cmms',
    schema: buildSubgraphSchema(readTypeDefs('cmms'), resolvers),
    createContext: (call) => createCmmsContext(call, { port, journal, policies, executor, clock: runtime.clock }),
    restrictions: null,
    executor,
  };
}

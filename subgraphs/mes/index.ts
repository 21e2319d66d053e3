import type { MesPort } from '../../connectors/mes/port.ts';
import { plantOnlyFields } from '../reading/plant-only.ts';
import { readTypeDefs } from '../schema/read-type-defs.ts';
import { scalars } from '../schema/scalars.ts';
import { buildSubgraphSchema } from '../schema/subgraph-schema.ts';
import type { Subgraph, SubgraphOptions } from '../subgraph.ts';
import { mutations } from '../transitions/mutations.ts';
import { TransitionExecutor } from '../transitions/transition-executor.ts';
import { createMesContext, type MesContext } from './context.ts';
import { entities } from './entities.ts';
import { queries } from './queries.ts';
import { readRestrictions, restrictionsOfDowntimes } from './restrictions.ts';
import { subscriptions } from './subscriptions.ts';
import { createMesTransitions } from './transitions.ts';

/** The MES's part of the graph: what runs, what was made, what stopped. */
export function createMesSubgraph(options: SubgraphOptions & { readonly port: MesPort }): Subgraph {
  const { port, journal, policies, graph, runtime } = options;
  const transitions = createMesTransitions(port, graph, runtime);
  const executor = new TransitionExecutor({ ...options, system: 'MES', transitions });
  const resolvers = {
    ...scalars,
    ...plantOnlyFields,
    ...queries,
    ...entities,
    ...mutations<MesContext>(transitions),
    ...subscriptions,
  };
  return {
    name: 'mes',
    schema: buildSubgraphSchema(readTypeDefs('mes'), resolvers),
    createContext: (call) => createMesContext(call, { port, journal, policies, executor }),
    restrictions: {
      system: 'MES',
      forbids: restrictionsOfDowntimes,
      read: (plantCode) => readRestrictions(port, plantCode),
    },
    executor,
  };
}

import type { ErpPort } from '../../connectors/erp/port.ts';
import { plantOnlyFields } from '../reading/plant-only.ts';
import { readTypeDefs } from '../schema/read-type-defs.ts';
import { scalars } from '../schema/scalars.ts';
import { buildSubgraphSchema } from '../schema/subgraph-schema.ts';
import type { Subgraph, SubgraphOptions } from '../subgraph.ts';
import { mutations } from '../transitions/mutations.ts';
import { TransitionExecutor } from '../transitions/transition-executor.ts';
import { createErpContext, type ErpContext } from './context.ts';
import { entities } from './entities.ts';
import { queries } from './queries.ts';
import { readRestrictions, restrictionsOfOrderHolds } from './restrictions.ts';
import { subscriptions } from './subscriptions.ts';
import { createErpTransitions } from './transitions.ts';

/** The ERP's part of the graph: orders, materials, stock and deliveries. */
export function createErpSubgraph(options: SubgraphOptions & { readonly port: ErpPort }): Subgraph {
  const { port, journal, policies } = options;
  const transitions = createErpTransitions(port);
  const executor = new TransitionExecutor({ ...options, system: 'ERP', transitions });
  const resolvers = {
    ...scalars,
    ...plantOnlyFields,
    ...queries,
    ...entities,
    ...mutations<ErpContext>(transitions),
    ...subscriptions,
  };
  return {
    name: 'erp',
    schema: buildSubgraphSchema(readTypeDefs('erp'), resolvers),
    createContext: (call) => createErpContext(call, { port, journal, policies, executor }),
    restrictions: {
      system: 'ERP',
      forbids: restrictionsOfOrderHolds,
      read: (plantCode) => readRestrictions(port, plantCode),
    },
    executor,
  };
}

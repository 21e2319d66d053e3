import type { QmsPort } from '../../connectors/qms/port.ts';
import { restrictions } from '../../journal/restriction.ts';
import { plantOnlyFields } from '../reading/plant-only.ts';
import { readTypeDefs } from '../schema/read-type-defs.ts';
import { scalars } from '../schema/scalars.ts';
import { buildSubgraphSchema } from '../schema/subgraph-schema.ts';
import type { Subgraph, SubgraphOptions } from '../subgraph.ts';
import { mutations } from '../transitions/mutations.ts';
import { TransitionExecutor } from '../transitions/transition-executor.ts';
import { createQmsContext, type QmsContext } from './context.ts';
import { entities } from './entities.ts';
import { queries } from './queries.ts';
import { readRestrictions } from './restrictions.ts';
import { subscriptions } from './subscriptions.ts';
import { createQmsTransitions } from './transitions.ts';

/** The QMS's part of the graph: inspections, holds, dispositions and nonconformances. */
export function createQmsSubgraph(options: SubgraphOptions & { readonly port: QmsPort }): Subgraph {
  const { port, journal, policies } = options;
  const transitions = createQmsTransitions(port, options);
  const executor = new TransitionExecutor({ ...options, system: 'QMS', transitions });
  const resolvers = {
    ...scalars,
    ...plantOnlyFields,
    ...queries,
    ...entities,
    ...mutations<QmsContext>(transitions),
    ...subscriptions,
  };
  return {
    name: 'qms',
    schema: buildSubgraphSchema(readTypeDefs('qms'), resolvers),
    createContext: (call) => createQmsContext(call, { port, journal, policies, executor }),
    // A hold may forbid anything.
    restrictions: { system: 'QMS', forbids: restrictions, read: (plantCode) => readRestrictions(port, plantCode) },
    executor,
  };
}

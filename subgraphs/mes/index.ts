import { readFileSync } from 'node:fs';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';
import type { MesPort } from '../../connectors/mes/port.ts';
import { scalars } from '../scalars.ts';
import type { Subgraph, SubgraphOptions } from '../subgraph.ts';
import { TransitionExecutor } from '../transition-executor.ts';
import { createMesContext } from './context.ts';
import { entities } from './entities.ts';
import { queries } from './queries.ts';
import { subscriptions } from './subscriptions.ts';
import { createMesTransitions, mutations } from './transitions.ts';

/** The MES's part of the graph: what runs, what was made, what stopped. */
export function createMesSubgraph(options: SubgraphOptions & { readonly port: MesPort }): Subgraph {
  const { port, journal, graph, runtime } = options;
  const transitions = createMesTransitions(port, graph, runtime.timers);
  const executor = new TransitionExecutor({ ...options, system: 'MES', transitions });
  const resolvers = { ...scalars, ...queries, ...entities, ...mutations(transitions), ...subscriptions };
  return {
    name: 'mes',
    schema: buildSubgraphSchema([{ typeDefs: readTypeDefs(), resolvers }]),
    createContext: (call) => createMesContext(call, { port, journal, executor }),
    executor,
  };
}

function readTypeDefs() {
  const files = ['../common.graphql', './schema.graphql'];
  return parse(files.map((file) => readFileSync(new URL(file, import.meta.url), 'utf8')).join('\n'));
}

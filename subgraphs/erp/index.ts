import { readFileSync } from 'node:fs';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';
import type { ErpPort } from '../../connectors/erp/port.ts';
import { scalars } from '../scalars.ts';
import type { Subgraph, SubgraphOptions } from '../subgraph.ts';
import { TransitionExecutor } from '../transition-executor.ts';
import { createErpContext } from './context.ts';
import { entities } from './entities.ts';
import { queries } from './queries.ts';
import { subscriptions } from './subscriptions.ts';
import { createErpTransitions, mutations } from './transitions.ts';

/** The ERP's part of the graph: orders, materials, stock and deliveries. */
export function createErpSubgraph(options: SubgraphOptions & { readonly port: ErpPort }): Subgraph {
  const { port, journal } = options;
  const transitions = createErpTransitions(port);
  const executor = new TransitionExecutor({ ...options, system: 'ERP', transitions });
  const resolvers = { ...scalars, ...queries, ...entities, ...mutations(transitions), ...subscriptions };
  return {
    name: 'erp',
    schema: buildSubgraphSchema([{ typeDefs: readTypeDefs(), resolvers }]),
    createContext: (call) => createErpContext(call, { port, journal, executor }),
    executor,
  };
}

function readTypeDefs() {
  const files = ['../common.graphql', './schema.graphql'];
  return parse(files.map((file) => readFileSync(new URL(file, import.meta.url), 'utf8')).join('\n'));
}

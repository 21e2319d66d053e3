import { parentPort, workerData } from 'node:worker_threads';
import { parseOperation, Supergraph } from '@apollo/federation-internals';
import { QueryPlanner } from '@apollo/query-planner';

/**
 * The thread of `createApolloPlanner`: plans one operation per message.
 * @typedef {{ id: number, operation: string, labels: readonly (readonly [string, boolean])[] }} Question
 * @typedef {{ id: number, node?: import('@apollo/query-planner').QueryPlan['node'], failure?: string }} Answer
 */

/** @type {{ supergraphSdl: string }} */
const { supergraphSdl } = workerData;
// Every feature is "supported": what planning does not know (scopes, costs) others enforce.
const supergraph = Supergraph.build(supergraphSdl, { supportedFeatures: null, validateSupergraph: false });
const schema = supergraph.apiSchema();
// Of equal plans any will do: an operation that comes here is rare, so its plan need not be the very best.
const planner = new QueryPlanner(supergraph, { debug: { maxEvaluatedPlans: 500, pathsLimit: 2000 } });

/** @param {Question} question @returns {Answer} */
function answer({ id, operation, labels }) {
  try {
    const overrideConditions = new Map(labels);
    const { node } = planner.buildQueryPlan(parseOperation(schema, operation), { overrideConditions });
    return { id, node: node && JSON.parse(JSON.stringify(node)) };
  } catch (cause) {
    return { id, failure: cause instanceof Error ? cause.message : String(cause) };
  }
}

parentPort?.on('message', (/** @type {Question} */ question) => parentPort?.postMessage(answer(question)));

// Plans in a process of its own: what the native planner does not expect ends the process that it runs in.

import { spreadGraphNames } from './graph-names.mjs';

/** @typedef {import('@graphql-hive/router-query-planner').QueryPlanner} QueryPlanner */
/** @typedef {import('./planner-process.ts').PlannerRequest} PlannerRequest */
/** @typedef {import('./planner-process.ts').PlannerReply} PlannerReply */

/** Supergraphs that are kept loaded. Whoever needs another one sends it again. */
const maxPlanners = 8;

/** @type {Map<string, QueryPlanner>} by what the gateway calls them, longest unused first */
const planners = new Map();

/** @param {string} name @param {string | undefined} supergraphSdl */
async function plannerOf(name, supergraphSdl) {
  const known = planners.get(name);
  planners.delete(name);
  const planner = known ?? (supergraphSdl === undefined ? undefined : await loadPlanner(supergraphSdl));
  if (!planner) return undefined;
  planners.set(name, planner);
  for (const oldest of planners.keys()) {
    if (planners.size <= maxPlanners) break;
    planners.delete(oldest);
  }
  return planner;
}

/** Loads while the first supergraph is on its way. */
const addon = import('@graphql-hive/router-query-planner');
addon.catch(() => undefined);

/** @param {string} supergraphSdl */
async function loadPlanner(supergraphSdl) {
  const { QueryPlanner } = await addon;
  return new QueryPlanner(spreadGraphNames(supergraphSdl));
}

/** @param {PlannerRequest} request @returns {Promise<Omit<PlannerReply, 'id'>>} */
async function answer({ planner: name, supergraphSdl, operation, draw, labels }) {
  try {
    const planner = await plannerOf(name, supergraphSdl);
    if (!planner) return { isUnknown: true };
    if (operation === undefined) return { overridePercentages: planner.overridePercentages };
    const { node } = await planner.planAsync(operation, undefined, new Set(labels), draw ?? 100);
    return node ? { node } : {};
  } catch (error) {
    const hasAddon = await addon.then(
      () => true,
      () => false,
    );
    return { error: error instanceof Error ? error.message : String(error), hasAddon };
  }
}

process.on('message', async (message) => {
  const request = /** @type {PlannerRequest} */ (message);
  const reply = await answer(request);
  if (process.connected) process.send?.({ ...reply, id: request.id });
});
// The gateway has gone. An orderly exit would wait for the plan that is being made, for hours where it explodes.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
// A terminal sends these to the gateway as well, which may still plan while it drains.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => undefined);

import { Agent, request } from 'undici';
import type { AndonProcess } from '../test/support/andon-process.ts';
import type { LoadResult } from './measure.ts';
import { load } from './measure.ts';

/** What a line's dashboard shows: the orders with their progress, quality and machines, out of all four systems. */
const query = `query Dashboard($plant: String!, $first: Int!) { productionOrders(filter: { plant: $plant }, first: $first) { nodes {
  orderNo state { code } quantity { value unit } material { name }
  progress { producedQuantity { value } operationsEnded operationsTotal }
  qualityStatus inspectionLots { inspectionLotNo state { code } }
  operations { operationNo executionState { code } workCenter { name capacityStatus runState effectiveAvailability assets { name availability { code } } } }
  lot { lotNumber qualityState holds(active: true) { holdNo } }
} } }`;

export async function measureDashboardQuery(andon: AndonProcess, seconds: number): Promise<LoadResult> {
  const agent = new Agent({ connections: 16 });
  const authorization = `Bearer ${await andon.token('paula.planner')}`;
  let asked = 0;
  const ask = async () => {
    // Equal queries in flight would share their work, so no two that run together are equal. The answers are: a handful of
    // orders.
    asked += 1;
    const body = JSON.stringify({ query, variables: { plant: 'BER', first: 10 + (asked % 100) } });
    const response = await request(`${andon.url}/graphql`, {
      method: 'POST',
      dispatcher: agent,
      headers: { 'content-type': 'application/json', authorization },
      body,
    });
    const text = await response.body.text();
    if (response.statusCode !== 200 || text.includes('"errors"'))
      throw new Error(`The dashboard was not answered: ${text.slice(0, 500)}`);
  };
  try {
    return await load(andon.pid, 16, seconds, ask);
  } finally {
    await agent.close();
  }
}

import { randomUUID } from 'node:crypto';
import { Agent, request } from 'undici';
import type { AndonProcess } from '../test/support/andon-process.ts';
import type { LoadResult } from './measure.ts';
import { load } from './measure.ts';

const mutation = `mutation Request($input: RequestMaintenanceInput!, $meta: TransitionMeta!) {
  requestMaintenance(input: $input, meta: $meta) { outcome rejections { code message } }
}`;

/** Full transitions: policy, guards, interlocks, intent, posting in the CMMS, outcome, event and audit entry, durable each. */
export async function measureTransitions(andon: AndonProcess, seconds: number): Promise<LoadResult> {
  const agent = new Agent({ connections: 16 });
  const authorization = `Bearer ${await andon.token('olga.operator')}`;
  const input = {
    assetId: 'mfg:BER:asset:BER-LABELLER-L2',
    kind: 'INSPECTION',
    description: 'Check the glue temperature.',
  };
  const act = async () => {
    const response = await request(`${andon.url}/graphql`, {
      method: 'POST',
      dispatcher: agent,
      headers: { 'content-type': 'application/json', authorization },
      body: JSON.stringify({ query: mutation, variables: { input, meta: { idempotencyKey: randomUUID() } } }),
    });
    const answer = (await response.body.json()) as { data?: { requestMaintenance?: { outcome: string } } };
    if (answer.data?.requestMaintenance?.outcome !== 'ACCEPTED')
      throw new Error(`requestMaintenance was not accepted: ${JSON.stringify(answer)}`);
  };
  try {
    return await load(andon.pid, 16, seconds, act);
  } finally {
    await agent.close();
  }
}

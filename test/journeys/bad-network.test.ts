import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AndonProcess, type Subscriber, until } from '../support/andon-process.ts';
import { transition } from './transitions.ts';

const fillingId = 'mfg:BER:operation:10001:0010';
const labellingId = 'mfg:BER:operation:10001:0020';
const input = {
  operationId: fillingId,
  yieldQuantity: { value: '2400', unit: 'H87' },
  scrapQuantity: { value: '12', unit: 'H87' },
};

const operationChanged =
  'subscription Operations($after: EventCursor) { operationChanged(plant: "BER", after: $after) { cursor type operation { operationNo } } }';

describe('a terminal that loses the network and retries', () => {
  let andon: AndonProcess;
  const key = randomUUID();

  beforeAll(async () => {
    andon = await AndonProcess.start();
  });
  afterAll(() => andon?.dispose());

  test('the same completion sent five times, twice at once and once after a restart, posts once', async () => {
    const atOnce = await Promise.all(
      [1, 2].map(() => transition(andon, 'olga.operator', 'completeOperation', input, { key })),
    );
    expect(atOnce.map(({ outcome }) => outcome).sort()).toEqual(['ACCEPTED', 'DUPLICATE']);
    const again = [];
    for (let i = 0; i < 2; i += 1)
      again.push(await transition(andon, 'olga.operator', 'completeOperation', input, { key }));
    await andon.kill();
    andon = await AndonProcess.start({ dataDir: andon.dataDir });
    again.push(await transition(andon, 'olga.operator', 'completeOperation', input, { key }));
    const answers = [...atOnce, ...again];
    expect(new Set(answers.map(({ transitionId }) => transitionId)).size).toBe(1);
    expect(new Set(answers.map(({ document }) => document)).size).toBe(1);
    for (const { outcome, originalOutcome } of again)
      expect({ outcome, originalOutcome }).toEqual({ outcome: 'DUPLICATE', originalOutcome: 'ACCEPTED' });
    const { data } = await andon.ask(
      'olga.operator',
      `{ operation(id: "${fillingId}") { producedQuantity { value } scrapQuantity { value } } }`,
    );
    expect(data.operation).toEqual({ producedQuantity: { value: '2400' }, scrapQuantity: { value: '12' } });
  });

  test('the ERP has it once, too: one confirmation with the quantities that were sent', async () => {
    const { data } = await until(
      () =>
        andon.ask(
          'paula.planner',
          `{ operation(id: "${fillingId}") { confirmedQuantity { value } confirmedScrap { value } confirmedAt } }`,
        ),
      ({ data: seen }) => seen?.operation.confirmedAt !== null,
    );
    expect(data.operation).toMatchObject({ confirmedQuantity: { value: '2400' }, confirmedScrap: { value: '12' } });
    const { data: told } = await andon.ask(
      'ines.integration',
      '{ events(filter: { types: ["production.operation.confirmed"] }, first: 10) { nodes { subject data } } }',
    );
    expect(told.events.nodes).toHaveLength(1);
    expect(told.events.nodes[0]).toMatchObject({ subject: fillingId, data: { yieldQuantity: '2400' } });
  });

  test('the same key for another request is refused, and nothing happens', async () => {
    const answer = await andon.ask(
      'olga.operator',
      `mutation { startOperation(input: { operationId: "${labellingId}" }, meta: { idempotencyKey: "${key}" }) { outcome } }`,
    );
    expect(answer.errors[0]?.extensions).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  });

  test('a subscriber that is cut and comes back with its last cursor sees each event once, in order', async () => {
    const { data } = await andon.ask('ines.integration', '{ journalHead }');
    let cursor = data.journalHead as string;
    const steps = [
      'startOperation',
      'pauseOperation',
      'resumeOperation',
      'pauseOperation',
      'resumeOperation',
      'pauseOperation',
    ];
    const seen: string[] = [];
    const take = async (subscriber: Subscriber, count: number) => {
      while (seen.length < count) {
        const event = (await subscriber.next()).data.operationChanged;
        seen.push(event.type);
        cursor = event.cursor;
      }
      subscriber.cut();
    };
    for (const [index, step] of steps.entries()) {
      const subscriber = await andon.subscribe('olga.operator', operationChanged, { after: cursor });
      const answer = await transition(
        andon,
        'olga.operator',
        step,
        { operationId: labellingId },
        { reason: 'Label change.' },
      );
      expect(answer).toMatchObject({ outcome: 'ACCEPTED' });
      if (index % 2 === 0) await take(subscriber, index + 1);
      else subscriber.cut();
      if (index === 3) {
        await andon.kill();
        andon = await AndonProcess.start({ dataDir: andon.dataDir });
      }
    }
    await take(await andon.subscribe('olga.operator', operationChanged, { after: cursor }), steps.length);
    expect(seen).toEqual(
      ['started', 'paused', 'resumed', 'paused', 'resumed', 'paused'].map((verb) => `production.operation.${verb}`),
    );
  });

  test('a cursor that the journal does not have is refused once, and the subscription ends', async () => {
    const response = await fetch(`${andon.url}/graphql`, {
      method: 'POST',
      headers: {
        accept: 'text/event-stream',
        'content-type': 'application/json',
        authorization: `Bearer ${await andon.token('olga.operator')}`,
      },
      body: JSON.stringify({ query: operationChanged, variables: { after: '999999999' } }),
    });
    // The text is there once the stream has ended.
    expect(await response.text()).toMatch(
      /^:\n\nid: \nevent: next\ndata: \{"errors":\[.*INVALID_CURSOR.*\n\nevent: complete\ndata: \n\n$/,
    );
  });
});

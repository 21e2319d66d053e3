import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AndonProcess, until } from '../support/andon-process.ts';
import { transition } from './transitions.ts';

const orderId = 'mfg:BER:production-order:10001';
const operation = (number: string) => `mfg:BER:operation:10001:${number}`;
const pieces = (value: string) => ({ value, unit: 'H87' });

describe('what the shop floor has made is posted to the ERP', () => {
  let andon: AndonProcess;

  beforeAll(async () => {
    andon = await AndonProcess.start();
  });
  afterAll(() => andon?.dispose());

  const complete = (number: string, yielded: string) =>
    transition(andon, 'olga.operator', 'completeOperation', {
      operationId: operation(number),
      yieldQuantity: pieces(yielded),
      scrapQuantity: pieces('10'),
    });

  const order = async () => {
    const { data } = await andon.ask(
      'paula.planner',
      `{ productionOrder(id: "${orderId}") { state { code } confirmedYield { value } operations { operationNo confirmedAt confirmedQuantity { value } } } }`,
    );
    return data.productionOrder;
  };

  test('an order that is held in the ERP takes no confirmation: the integration team sees why', async () => {
    const held = { reason: 'The customer may cancel.' };
    await transition(andon, 'paula.planner', 'holdProductionOrder', { orderId }, held);
    expect(await complete('0010', '9500')).toMatchObject({ outcome: 'ACCEPTED' });
    const { data } = await until(
      () =>
        andon.ask(
          'ines.integration',
          '{ exceptions(filter: { states: [OPEN] }) { nodes { id workflow code system message remediation } } }',
        ),
      ({ data: seen }) => seen?.exceptions.nodes.length > 0,
    );
    expect(data.exceptions.nodes).toMatchObject([
      { workflow: 'confirm-operation-when-operation-completes', code: 'ORDER_LOCKED', system: 'ERP' },
    ]);
    expect((await order()).operations[0]).toMatchObject({ confirmedAt: null, confirmedQuantity: { value: '0' } });

    await transition(andon, 'paula.planner', 'resumeProductionOrder', { orderId });
    const exceptionId = data.exceptions.nodes[0].id as string;
    expect(
      await transition(andon, 'ines.integration', 'retryException', { exceptionId }, { reason: 'Order resumed.' }),
    ).toMatchObject({ outcome: 'ACCEPTED' });
    const posted = await until(order, (seen) => seen.operations[0].confirmedAt !== null);
    expect(posted.operations[0].confirmedQuantity).toEqual({ value: '9500' });
    expect(posted.confirmedYield).toEqual({ value: '0' });
  });

  test('when the last step is confirmed, the order has its yield and can be completed, also after a crash in between', async () => {
    for (const number of ['0020', '0030']) {
      await transition(andon, 'olga.operator', 'startOperation', { operationId: operation(number) });
      expect(await complete(number, '9480')).toMatchObject({ outcome: 'ACCEPTED' });
    }
    await andon.kill();
    andon = await AndonProcess.start({ dataDir: andon.dataDir });
    const posted = await until(
      order,
      (seen) =>
        seen.operations.every((step: { confirmedAt: string | null }) => step.confirmedAt !== null) &&
        seen.confirmedYield.value !== '0',
    );
    expect(posted.confirmedYield).toEqual({ value: '9480' });
    expect(await transition(andon, 'paula.planner', 'completeProductionOrder', { orderId })).toMatchObject({
      outcome: 'ACCEPTED',
    });
    const { data } = await andon.ask(
      'ines.integration',
      '{ events(filter: { types: ["production.operation.confirmed"] }, first: 10) { nodes { subject } } }',
    );
    expect(data.events.nodes.map(({ subject }: { subject: string }) => subject)).toEqual(
      ['0010', '0020', '0030'].map(operation),
    );
  });
});

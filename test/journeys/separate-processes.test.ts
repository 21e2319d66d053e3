import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../support/andon-process.ts';
import { sharedPostgres } from '../support/postgres.ts';
import { SeparateProcesses } from '../support/separate-processes.ts';
import { transition } from './transitions.ts';

const lotId = 'mfg:BER:lot:WATER-05L:L10001';
const deliveryId = 'mfg:BER:delivery:D1001';
const joined = `{
  productionOrder(id: "mfg:BER:production-order:10001") {
    orderNo
    operations { operationNo executionState { code } }
    holds { holdNo }
  }
  lot(id: "${lotId}") { lotNumber material { name } usability { canShip } }
  asset(id: "mfg:BER:asset:BER-FILLER-L1") { workOrders { id } }
}`;

describe('gateway, subgraphs and workflows as processes of their own over one PostgreSQL', () => {
  let andon: SeparateProcesses;

  beforeAll(async () => {
    andon = await SeparateProcesses.start(await sharedPostgres());
  }, 120_000);
  afterAll(() => andon?.dispose());

  test('one query joins every system', async () => {
    const { data, errors } = await andon.ask('mara.manager', joined);
    expect(errors).toEqual([]);
    expect(data.productionOrder).toMatchObject({ orderNo: '10001', operations: expect.any(Array), holds: [] });
    expect(data.lot).toMatchObject({ lotNumber: 'L10001', usability: { canShip: expect.any(Boolean) } });
    expect(data.asset.workOrders).toEqual([]);
  });

  test('without a token nobody gets anything, whatever other headers say', async () => {
    const answer = await andon.askWithToken(null, joined);
    expect(answer).toMatchObject({ status: 401, errors: [{ extensions: { code: 'MISSING_TOKEN' } }] });
  });

  test('a hold placed through the gateway stops the shipment, and the other systems let go of the lot', async () => {
    const reason = 'Volume outside its limits.';
    const held = await transition(andon, 'quentin.engineer', 'placeHold', { scope: lotId }, { reason });
    expect(held).toMatchObject({ outcome: 'ACCEPTED', rejections: [] });
    const shipped = await transition(andon, 'paula.planner', 'releaseShipment', { deliveryId });
    expect(shipped.outcome).toBe('REJECTED');
    expect(shipped.rejections.map(({ code }) => code)).toContain('INTERLOCKED');
    const { data } = await until(
      () => andon.ask('mara.manager', `{ lot(id: "${lotId}") { stock { stockType } } }`),
      ({ data: seen }) => seen?.lot.stock[0]?.stockType === 'BLOCKED',
    );
    expect(data.lot.stock).toEqual([{ stockType: 'BLOCKED' }]);
  });

  test('with the QMS process killed, its fields are null with an error that names it, and the rest is answered', async () => {
    await andon.kill('qms');
    const { data, errors } = await andon.ask('mara.manager', joined);
    expect(data.lot).toMatchObject({ lotNumber: 'L10001', material: { name: 'Still water 0.5 l PET' } });
    expect(data.asset.workOrders).toEqual([]);
    expect(errors.length).toBeGreaterThan(0);
    for (const { extensions } of errors) expect(extensions).toMatchObject({ service: 'qms', retryable: true });
  });

  test('and the held lot still cannot be shipped, moved or picked', async () => {
    const move = { lotId, fromLocation: 'FG01', toLocation: 'FG02', quantity: { value: '10', unit: 'H87' } };
    const answers = [
      await transition(andon, 'paula.planner', 'releaseShipment', { deliveryId }),
      await transition(andon, 'olga.operator', 'pickDelivery', { deliveryId }),
      await transition(andon, 'olga.operator', 'moveStock', move),
    ];
    for (const answer of answers) {
      expect(answer.outcome).toBe('REJECTED');
      expect(answer.rejections.map(({ code }) => code)).toContain('INTERLOCKED');
    }
  });

  test('once the QMS is back, its fields are answered again within five seconds', async () => {
    await andon.startSubgraph('qms');
    const { data, errors } = await until(
      () => andon.ask('mara.manager', joined),
      (answer) => answer.errors.length === 0,
    );
    expect(errors).toEqual([]);
    expect(data.productionOrder.holds).toHaveLength(1);
  });

  const orderId = 'mfg:BER:production-order:10002';
  const released = `{
    productionOrder(id: "${orderId}") { state { code reason } operations { id executionState { code } } }
  }`;

  test('an order that is released while the MES is away is held in the ERP, and the integration team is told', async () => {
    await andon.kill('mes');
    expect(await transition(andon, 'paula.planner', 'releaseProductionOrder', { orderId })).toMatchObject({
      outcome: 'ACCEPTED',
    });
    const { data } = await until(
      () => andon.ask('paula.planner', released),
      ({ data: seen }) => seen?.productionOrder.state.code === 'ON_HOLD',
    );
    expect(data.productionOrder.state.reason).toContain('The release has not got through everywhere');
    const { data: told } = await until(
      () =>
        andon.ask(
          'ines.integration',
          '{ exceptions(filter: { states: [OPEN], workflow: "dispatch-operations-when-order-released" }) { nodes { subject } } }',
        ),
      ({ data: seen }) => seen?.exceptions.nodes.length > 0,
    );
    expect(told.exceptions.nodes).toEqual([{ subject: orderId }]);
  });

  test('with the MES back it gets through, and is worked on when a person has resumed the order', async () => {
    await andon.startSubgraph('mes');
    const { data: told } = await andon.ask(
      'ines.integration',
      '{ exceptions(filter: { states: [OPEN] }) { nodes { id } } }',
    );
    for (const { id: exceptionId } of told.exceptions.nodes) {
      const reason = 'The MES is back.';
      await transition(andon, 'ines.integration', 'retryException', { exceptionId }, { reason });
    }
    const { data } = await until(
      () => andon.ask('paula.planner', released),
      ({ data: seen }) =>
        seen?.productionOrder.operations?.every(
          ({ executionState }: { executionState: { code: string } | null }) =>
            executionState?.code === 'ALLOWED_TO_START',
        ),
    );
    const operationId = data.productionOrder.operations[0].id as string;
    const start = () => transition(andon, 'olga.operator', 'startOperation', { operationId });
    expect((await start()).rejections).toMatchObject([{ code: 'INTERLOCKED', system: 'ERP', blockingRef: orderId }]);
    expect(await transition(andon, 'paula.planner', 'resumeProductionOrder', { orderId })).toMatchObject({
      outcome: 'ACCEPTED',
    });
    expect(await start()).toMatchObject({ outcome: 'ACCEPTED' });
  });
});

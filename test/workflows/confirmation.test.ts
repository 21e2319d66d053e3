import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { entityId } from '../../journal/entity-ref.ts';
import type { NewEvent } from '../../journal/envelope.ts';
import { rules } from '../../workflows/rules.ts';
import { dialects } from '../support/database.ts';
import { FakeGraph } from './fake-graph.ts';
import { ManualTime } from './manual-time.ts';
import { WorkflowPlace } from './workflow-place.ts';

function completed(operationNo: string): NewEvent<'production.operation.completed'> {
  return {
    id: `completed/${operationNo}`,
    type: 'production.operation.completed',
    source: '/plants/BER/mes',
    subject: entityId('BER', 'operation', '10001', operationNo),
    plantCode: 'BER',
    line: 'L1',
    partner: null,
    occurredAt: '2026-05-21T06:00:00.000Z',
    correlationId: `correlation-${operationNo}`,
    causationId: null,
    actorId: 'olga.operator',
    actorKind: 'PERSON',
    stateChange: 'RUNNING>ENDED',
    data: {
      orderNo: '10001',
      operationNo,
      workCenterCode: 'FILL-L1',
      yieldQuantity: '2400',
      scrapQuantity: '12',
      unit: 'H87',
      lot: null,
    },
  };
}

describe.each(dialects)('what the shop floor has completed, on its way to the ERP, on %s', (dialect) => {
  let place: WorkflowPlace;
  let graph: FakeGraph;

  beforeEach(async () => {
    place = await WorkflowPlace.open(dialect);
    graph = new FakeGraph();
  });
  afterEach(() => place.dispose());

  const confirmed = () => graph.effects.map(({ input }) => input['operationId']);

  test('waits while the ERP is down, in order, and is posted once when it is back', async () => {
    const time = new ManualTime();
    let asked = 0;
    graph.reply = () => {
      asked += 1;
      if (asked <= 2) return 'UNREACHABLE';
      return asked === 3 ? 'LOSE_ANSWER' : 'ACCEPT';
    };
    const engine = await place.startEngine(graph, rules, { clock: time, timers: time });
    await place.append(completed('0010'), completed('0020'));
    for (let round = 0; round < 3; round += 1) await time.elapse();
    await engine.idle();
    expect(confirmed()).toEqual(['0010', '0020'].map((number) => entityId('BER', 'operation', '10001', number)));
    expect(graph.keysOf('confirmOperation')).toHaveLength(2);
  });

  test('is an exception at once when the ERP refuses it; what follows waits, and a person has both tried again', async () => {
    graph.reply = () => ({ reject: 'ORDER_LOCKED', message: 'Order 10001 is on hold.' });
    const engine = await place.startEngine(graph, rules);
    await place.append(completed('0010'), completed('0020'));
    await engine.idle();
    const [exception, ...others] = await place.openExceptions();
    expect(others).toEqual([]);
    expect(exception).toMatchObject({
      workflow: 'confirm-operation-when-operation-completes',
      code: 'ORDER_LOCKED',
      system: 'ERP',
      message: expect.stringContaining('Order 10001 is on hold.'),
    });
    expect(graph.asked).toHaveLength(1);
    graph.reply = () => 'ACCEPT';
    await place.act('retryException', exception?.id ?? '');
    await engine.idle();
    expect(confirmed()).toHaveLength(2);
    expect(await place.openExceptions()).toEqual([]);
  });
});

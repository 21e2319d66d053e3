import { join } from 'node:path';
import Libsql from 'libsql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AndonProcess, until } from '../support/andon-process.ts';
import { transition } from './transitions.ts';

let andon: AndonProcess;

beforeAll(async () => {
  andon = await AndonProcess.start();
  for (const lot of ['L10001', 'L10900']) {
    const scope = `mfg:BER:lot:WATER-05L:${lot}`;
    await transition(andon, 'quentin.engineer', 'placeHold', { scope, holdNo: `QH-${lot}` }, { reason: 'Smudged.' });
  }
  await until(
    () => andon.ask('mara.manager', '{ qualityHold(id: "mfg:BER:hold:QH-L10900") { state { code } } }'),
    ({ data }) => data.qualityHold.state.code === 'EFFECTIVE',
  );
  await andon.stop();
  const journal = new Libsql(join(andon.dataDir, 'journal.db'));
  journal.exec(`update journal_event set recorded_at = '2020-01-01T00:00:00.000Z'`);
  journal.close();
  andon = await AndonProcess.start({ dataDir: andon.dataDir });
});
afterAll(() => andon?.dispose());

const events = (after: string) =>
  andon.ask('ines.integration', `{ events(after: "${after}", first: 1) { nodes { type } } }`);

test('events that are older than they are kept are forgotten, and who asks for them is told what to do', async () => {
  const refused = await until(
    () => events('1'),
    ({ errors }) => errors.length > 0,
  );
  expect(refused.errors[0]).toMatchObject({
    message: expect.stringMatching(
      /no longer kept\. Read the current state from the graph, then go on after cursor \d+/,
    ),
    extensions: { code: 'CURSOR_EXPIRED' },
  });
});

test('a subscriber with an older cursor gets a gap, and then what happens', async () => {
  await until(
    () => events('1'),
    ({ errors }) => errors.length > 0,
  );
  const query = 'subscription { qualityHoldChanged(plant: "BER", after: "1") { cursor gap { from to } type } }';
  const subscriber = await andon.subscribe('mara.manager', query);
  const { data } = await subscriber.next();
  expect(data.qualityHoldChanged).toMatchObject({ gap: { from: '1' }, type: null });
  expect(data.qualityHoldChanged.cursor).toBe(data.qualityHoldChanged.gap.to);
  subscriber.cut();
});

test('what is forgotten still holds: interlocks and audit trail are as they were', async () => {
  const { data } = await andon.ask(
    'olga.operator',
    '{ lot(id: "mfg:BER:lot:WATER-05L:L10900") { usability { canShip } } }',
  );
  expect(data.lot.usability.canShip).toBe(false);
  const trail = await andon.ask(
    'ines.integration',
    '{ auditTrail(plant: "BER", first: 100) { nodes { transition } } }',
  );
  expect(trail.data.auditTrail.nodes).toContainEqual({ transition: 'placeHold' });
});

import { execFile } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { type CrashPoint, crashPointNames } from '../../runtime/crash-points.ts';
import { AndonProcess, until } from '../support/andon-process.ts';
import { transition } from './transitions.ts';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const lotId = 'mfg:BER:lot:WATER-05L:L10001';
const holdId = 'mfg:BER:hold:QH-IL-10001-FILL-VOLUME-1';
const failedCheck = { inspectionLotId: 'mfg:BER:inspection-lot:IL-10001', characteristic: 'FILL-VOLUME', value: '482' };

const aftermath = `{
  qualityHold(id: "${holdId}") { state { code } }
  lot(id: "${lotId}") { qualityState holds(active: true) { holdNo } stock { stockType } }
  delivery(id: "mfg:BER:delivery:D1001") { blocks { cause } }
  operation(id: "mfg:BER:operation:10001:0010") { heldBy }
  inspectionLot(id: "mfg:BER:inspection-lot:IL-10001") { results { characteristic } }
}`;

/** The failed check is recorded under one key; the process dies at `point`, while answering or while reacting. */
async function dieAt(point: CrashPoint, env: Readonly<Record<string, string>>): Promise<AndonProcess> {
  const andon = await AndonProcess.start({ env: { ...env, CRASH_AT: point } });
  await transition(andon, 'olga.operator', 'recordInspectionResult', failedCheck, { key: 'check-1' }).catch(
    () => undefined,
  );
  if (point === 'K22') await andon.stop();
  expect(await andon.untilGone()).toBe('SIGKILL');
  return andon;
}

/**
 * One test for each crash point.
 *
 * @param newEnvironment the settings of a store that nobody has used
 */
export function describeCrashes(store: string, newEnvironment: () => Promise<Readonly<Record<string, string>>>): void {
  describe(`killed at any named point, and started again on the same ${store}`, () => {
    for (const [point, meaning] of Object.entries(crashPointNames)) {
      test(`${point} (${meaning}): nothing is lost, nothing happens twice, and the hold is complete`, async () => {
        const env = await newEnvironment();
        const { dataDir } = await dieAt(point as CrashPoint, env);
        const andon = await AndonProcess.start({ dataDir, env });
        try {
          await expectCompleteHold(andon);
          expect(await andon.stop()).toBe(0);
          expect(await verifyAudit(dataDir, env)).toContain('The audit trail is whole');
        } finally {
          await andon.dispose();
        }
      });
    }
  });
}

const announcedOnce = [
  'quality.inspection.failed',
  'quality.hold.placed',
  'quality.hold.effective',
  'shipment.blocked',
];

async function expectCompleteHold(andon: AndonProcess): Promise<void> {
  // Not known until it is read back what the killed process had done: on a shared store its claim has to run out first.
  const retried = await transition(andon, 'olga.operator', 'recordInspectionResult', failedCheck, { key: 'check-1' });
  expect(['ACCEPTED', 'DUPLICATE']).toContain(retried.outcome);
  expect(retried.originalOutcome).toBe('ACCEPTED');
  const packing = await transition(andon, 'olga.operator', 'startOperation', {
    operationId: 'mfg:BER:operation:10001:0030',
  });
  expect(packing.rejections).toContainEqual(expect.objectContaining({ code: 'INTERLOCKED', blockingRef: holdId }));

  await until(
    () => andon.ask('mara.manager', aftermath),
    ({ data: seen }) => seen?.qualityHold?.state.code === 'EFFECTIVE',
  );
  // Asked once more: the systems that were asked beside the QMS may have answered before they had done their part.
  const { data } = await andon.ask('mara.manager', aftermath);
  expect(data.lot).toEqual({
    qualityState: 'HELD',
    holds: [{ holdNo: 'QH-IL-10001-FILL-VOLUME-1' }],
    stock: [{ stockType: 'BLOCKED' }],
  });
  expect(data.delivery.blocks).toEqual([{ cause: holdId }]);
  expect(data.operation.heldBy).toEqual([holdId]);
  expect(data.inspectionLot.results).toHaveLength(1);

  // What the killed process had done is announced once it has been read back.
  const typesNow = async () => {
    const { data: journal } = await andon.ask('ines.integration', '{ events(first: 200) { nodes { type } } }');
    return journal.events.nodes.map(({ type }: { type: string }) => type) as readonly string[];
  };
  const types = await until(typesNow, (seen) => announcedOnce.every((type) => seen.includes(type)));
  for (const once of announcedOnce) expect(types.filter((type) => type === once)).toHaveLength(1);
}

async function verifyAudit(dataDir: string, env: Readonly<Record<string, string>>): Promise<string> {
  const args = [join(root, 'dist', 'cli.js'), 'verify-audit', '--data-dir', dataDir];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    env: { ...process.env, ...env },
    timeout: 90_000,
  });
  return stdout;
}

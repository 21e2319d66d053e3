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
async function dieAt(point: CrashPoint): Promise<AndonProcess> {
  const andon = await AndonProcess.start({ env: { CRASH_AT: point } });
  await transition(andon, 'olga.operator', 'recordInspectionResult', failedCheck, { key: 'check-1' }).catch(
    () => undefined,
  );
  if (point === 'K22') await andon.stop();
  expect(await andon.untilGone()).toBe('SIGKILL');
  return andon;
}

describe('killed at any named point, and started again on the same data', () => {
  for (const [point, meaning] of Object.entries(crashPointNames)) {
    test(`${point} (${meaning}): nothing is lost, nothing happens twice, and the hold is complete`, async () => {
      const dead = await dieAt(point as CrashPoint);
      const andon = await AndonProcess.start({ dataDir: dead.dataDir });
      try {
        const retried = await transition(andon, 'olga.operator', 'recordInspectionResult', failedCheck, {
          key: 'check-1',
        });
        expect(['ACCEPTED', 'DUPLICATE']).toContain(retried.outcome);
        expect(retried.originalOutcome).toBe('ACCEPTED');
        const packing = await transition(andon, 'olga.operator', 'startOperation', {
          operationId: 'mfg:BER:operation:10001:0030',
        });
        expect(packing.rejections).toContainEqual(
          expect.objectContaining({ code: 'INTERLOCKED', blockingRef: holdId }),
        );

        const { data } = await until(
          () => andon.ask('mara.manager', aftermath),
          ({ data: seen }) => seen?.qualityHold?.state.code === 'EFFECTIVE',
        );
        expect(data.lot).toEqual({
          qualityState: 'HELD',
          holds: [{ holdNo: 'QH-IL-10001-FILL-VOLUME-1' }],
          stock: [{ stockType: 'BLOCKED' }],
        });
        expect(data.delivery.blocks).toEqual([{ cause: holdId }]);
        expect(data.operation.heldBy).toEqual([holdId]);
        expect(data.inspectionLot.results).toHaveLength(1);

        const { data: journal } = await andon.ask(
          'ines.integration',
          '{ events(first: 200) { nodes { type position } } }',
        );
        const types = journal.events.nodes.map(({ type }: { type: string }) => type);
        for (const once of [
          'quality.inspection.failed',
          'quality.hold.placed',
          'quality.hold.effective',
          'shipment.blocked',
        ]) {
          expect(types.filter((type: string) => type === once)).toHaveLength(1);
        }
        expect(await andon.stop()).toBe(0);
        const { stdout } = await promisify(execFile)(process.execPath, [
          join(root, 'dist', 'cli.js'),
          'verify-audit',
          '--data-dir',
          andon.dataDir,
        ]);
        expect(stdout).toContain('The audit trail is whole');
      } finally {
        await andon.dispose();
      }
    }, 60_000);
  }
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const compiled = pathToFileURL(resolve(import.meta.dirname, '../../dist/runtime/young-generation.js')).href;
const MiB = 2 ** 20;
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'andon-young-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** @returns the bytes of the young generation after `work`, in a process that may have two halves of 64 MiB */
async function sizeAfter(name: string, work: string): Promise<number> {
  const program = join(folder, `${name}.mjs`);
  writeFileSync(
    program,
    `import { getHeapSpaceStatistics } from 'node:v8';
     import { setTimeout as sleep } from 'node:timers/promises';
     import { growYoungGenerationByNeed } from '${compiled}';
     growYoungGenerationByNeed();
     const answer = (items) => JSON.parse('[' + '{"id":"abc","price":[1,2,3]},'.repeat(items) + '0]');
     ${work}
     process.stdout.write(String(getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size));`,
  );
  const child = spawn(process.execPath, ['--max-semi-space-size=64', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  expect(await once(child, 'close')).toEqual([0, null]);
  return Number(output);
}

test('many large answers that are always in flight get the room that they need', async () => {
  const work = `
     const inFlight = [];
     for (let sent = 0; sent < 1500; sent += 1) {
       inFlight[sent % 50] = answer(4000);
       if (sent % 10 === 0) await sleep(0);
     }`;
  expect(await sizeAfter('large-answers', work)).toBeGreaterThan(100 * MiB);
});

test('what comes once and stays does not take more memory than Node gives everybody', async () => {
  const work = `
     const clients = [];
     // Slowly: on a busy machine collections wait for the processor, too, which looks like much to collect.
     for (let joined = 0; joined < 200; joined += 1) {
       clients.push(answer(2000));
       await sleep(20);
     }
     if (clients.length !== 200) process.exit(1);`;
  expect(await sizeAfter('quiet-clients', work)).toBeLessThanOrEqual(32 * MiB);
});

// The whole test run: types, lint and format, then every test. Extra arguments go to vitest.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from '../build.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = mkdtempSync(join(tmpdir(), 'andon-tests-'));
const counted = join(folder, 'closing-line');

// Whatever ends the run, and wherever: the last line says what came of it. What was not counted has failed.
process.on('exit', () => {
  let line = '0 passed, 1 failed';
  try {
    line = readFileSync(counted, 'utf8');
  } catch {
    // it did not come to the end of the tests
  }
  rmSync(folder, { recursive: true, force: true });
  process.stdout.write(`${line}\n`);
});

/** @param {string} bin @param {string[]} args */
async function run(bin, args) {
  const child = spawn(process.execPath, [join(root, 'node_modules', bin), ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ANDON_CLOSING_LINE_FILE: counted },
  });
  const pass = (/** @type {NodeJS.Signals} */ signal) => child.kill(signal);
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(signal, pass);
  const [status, signal] = await once(child, 'exit');
  if (signal) process.stderr.write(`${bin} was ended by ${signal}.\n`);
  if (status !== 0) process.exit(status ?? 1);
}

ensureBuilt(); // compiling is the type check: the strictest flags are on and any error ends the run
await run('@biomejs/biome/bin/biome', ['ci', '--error-on-warnings', '.']);
await run('vitest/vitest.mjs', ['run', ...process.argv.slice(2)]);

// The whole test run: types, lint and format, then every test. Extra arguments go to vitest.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from '../build.mjs';

ensureBuilt(); // compiling is the type check: the strictest flags are on and any error ends the run
const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** @param {string} bin @param {string[]} args */
function run(bin, args) {
  const { status } = spawnSync(process.execPath, [join(root, 'node_modules', bin), ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}

run('@biomejs/biome/bin/biome', ['ci', '--error-on-warnings', '.']);
run('vitest/vitest.mjs', ['run', ...process.argv.slice(2)]);

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const compiled = pathToFileURL(resolve(import.meta.dirname, '../../dist/runtime/process-thread.js')).href;
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'andon-thread-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs `body` as the program of a thread, in a process of its own. */
function runProgram(name: string, body: string, start = (main: string) => [main]) {
  const program = join(folder, `${name}.mjs`);
  const main = join(folder, `${name}-main.mjs`);
  writeFileSync(program, `import { endProcess, stopOnSignal } from '${compiled}';\n${body}`);
  writeFileSync(
    main,
    `import { runInThread } from '${compiled}';
     const file = new URL('${pathToFileURL(program).href}');
     try {
       process.exitCode = await runInThread({ file, args: ['one', 'two'], youngMiB: 96 });
     } catch (error) {
       process.stderr.write('caught: ' + error.code + ' ' + error.message);
       process.exitCode = 9;
     }`,
  );
  const child = spawn(process.execPath, start(main), { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    output.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output.err += chunk;
  });
  return { child, output, ended: once(child, 'close') };
}

const stopsWhenTold = `const held = setInterval(() => undefined, 1000);
     await stopOnSignal(async () => { clearInterval(held); process.stdout.write('stopped'); });
     process.stdout.write('ready ');`;

test('a program in a thread has its arguments, gives the process its exit code, and loses no last words', async () => {
  const { output, ended } = runProgram(
    'words',
    `process.stdout.write(process.argv.slice(2).join());
     for (let line = 0; line < 5000; line += 1) process.stderr.write('line ' + line + '\\n');
     endProcess(3);`,
  );
  expect(await ended).toEqual([3, null]);
  expect(output.out).toBe('one,two');
  expect(output.err.trim().split('\n').at(-1)).toBe('line 4999');
});

test('a signal reaches the program, which ends with 0 when it has stopped', async () => {
  const { child, output, ended } = runProgram('signal', stopsWhenTold);
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  expect(output.out).toBe('ready stopped');
});

test('before the program asks for them, signals end the process as anywhere', async () => {
  const { child, ended } = runProgram('early', `setInterval(() => undefined, 1000); process.stdout.write('started');`);
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  expect(await ended).toEqual([null, 'SIGTERM']);
});

test('what the program does not catch is told with its code', async () => {
  const { output, ended } = runProgram('thrown', `throw Object.assign(new Error('No.'), { code: 'EADDRINUSE' });`);
  expect(await ended).toEqual([9, null]);
  expect(output.err).toBe('caught: EADDRINUSE No.');
});

test('a service whose output nobody reads any more goes on, and stops as ever', async () => {
  const { child } = runProgram(
    'unread',
    `let written = 0;
     const busy = setInterval(() => process.stderr.write('line ' + (written += 1) + '\\n'), 1);
     await stopOnSignal(async () => clearInterval(busy));
     process.stdout.write('ready');`,
  );
  await once(child.stdout, 'data');
  const ended = once(child, 'exit');
  child.stdout.destroy();
  child.stderr.destroy();
  // Long enough to write into pipes that are closed, many times.
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(child.exitCode).toBeNull();
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

test('a service that npx has started stops when npx has been stopped, which passes no signal on', async () => {
  const { child, output, ended } = runProgram('npx', stopsWhenTold, (main) => [
    '--input-type=module',
    '--eval',
    `import { spawn } from 'node:child_process';
       const env = { ...process.env, npm_command: 'exec' };
       spawn(process.execPath, [${JSON.stringify(main)}], { env, stdio: 'inherit' });`,
  ]);
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  await ended;
  expect(output.out).toBe('ready stopped');
});

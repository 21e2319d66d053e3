import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { type Federation, startFederation } from '../support/federation-gateway.ts';
import { shop } from '../support/federation-shop.ts';

const entry = resolve(dirname(fileURLToPath(import.meta.url)), '../../andon.mjs');
let federation: Federation | undefined;
let folder = '';
afterEach(async () => {
  await federation?.close();
  federation = undefined;
  rmSync(folder, { recursive: true, force: true });
});

function andon(...args: string[]) {
  const child = spawn(process.execPath, [entry, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  return { child, lines: createInterface(child.stdout), errors: () => errors };
}

test('andon gateway serves any supergraph, says that it is open, and ends with 0 on SIGTERM', {
  timeout: 120_000,
}, async () => {
  federation = await startFederation(shop());
  folder = mkdtempSync(join(tmpdir(), 'andon-gateway-'));
  const file = join(folder, 'supergraph.graphql');
  writeFileSync(file, federation.sdl);
  const { child, lines } = andon('gateway', '--supergraph', file, '--port', '0');
  const output: string[] = [];
  for await (const line of lines) {
    output.push(line);
    if (output.length === 2) break;
  }
  expect(output[1]).toBe('andon gateway: no authentication is configured, so it listens on loopback only.');
  const url = /ready at (\S+)/.exec(output[0] ?? '')?.[1] ?? '';
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"query":"{ product(id: \\"p1\\") { name inStock } }"}',
  });
  expect(await response.json()).toMatchObject({ data: { product: { name: 'Table', inStock: 4 } } });
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('andon gateway without a usable supergraph says what to do', { timeout: 120_000 }, async () => {
  const { child, errors } = andon('gateway', '--supergraph', '/nowhere/supergraph.graphql');
  const [code] = await once(child, 'exit');
  expect(code).not.toBe(0);
  expect(errors()).toContain(
    'The supergraph /nowhere/supergraph.graphql cannot be read (ENOENT). Make it with "andon compose".',
  );
});

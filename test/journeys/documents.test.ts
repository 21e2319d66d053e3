import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AndonProcess } from '../support/andon-process.ts';

const root = resolve(import.meta.dirname, '../..');
const cli = resolve(root, 'dist/cli.js');
/** A page with its headings on lines of their own, in the order in which it is read. */
const page = (name: string) => readFileSync(resolve(root, name), 'utf8');
const blocksOf = (text: string) => [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');

const tryIt = blocksOf(page('README.md').split('## Try it')[1]?.split('\n## ')[0] ?? '');
const [preparation = '', ...journeys] = page('docs/journeys.md').split('\n## ');

let andon: AndonProcess;

beforeAll(async () => {
  andon = await AndonProcess.start();
});
afterAll(() => andon?.dispose());

/** What a reader would see who pastes the blocks, one after the other; subscriptions are cut after a moment. */
async function paste(blocks: readonly string[]): Promise<string> {
  const typed = blocks
    .join('\n')
    .replaceAll('http://127.0.0.1:4000', andon.url)
    .replace(/^npx andon subscribe (.*?)( &)?$/gm, `timeout 3 npx andon subscribe --url ${andon.url}/graphql $1`)
    // Between two lines a person needs longer than what follows from the first one.
    .replace(/^ask .*$/gm, (line) => `${line}\nsleep 2`);
  const andonHere = `"${process.execPath}" "${cli}"`;
  const tools = `npx() { shift; ${andonHere} "$@"; }; timeout() { shift 3; command timeout 3 ${andonHere} "$@"; }`;
  const child = spawn('bash', ['-c', `${tools}\n${typed}`], {
    cwd: root,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ANDON_DATA_DIR: andon.dataDir },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let seen = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      seen += chunk;
    });
  }
  await once(child, 'close');
  return seen;
}

const journey = (number: number) => [...blocksOf(preparation), ...blocksOf(journeys[number - 1] ?? '')];

/** Each is on the same Andon, after the ones before it. */
test.each([
  ['the README', () => tryIt, ['"placeHold":{"outcome":"ACCEPTED"']],
  [
    'journey 4',
    () => journey(4),
    ['"startOperation":{"outcome":"DUPLICATE","originalOutcome":"ACCEPTED"', '"confirmedQuantity":{"value":"2400"}'],
  ],
  [
    'journey 1',
    () => journey(1),
    [
      '"startOperation":{"outcome":"REJECTED"',
      '"approveDisposition":{"outcome":"ACCEPTED"',
      '"code":"INSPECTION_INCOMPLETE"',
      '"usability":{"canShip":true}},"delivery":{"eligibility":{"eligible":true}}',
      'The audit trail is whole',
    ],
  ],
  ['journey 2', () => journey(2), ['"completeMaintenance":{"outcome":"ACCEPTED"']],
  ['journey 3', () => journey(3), ['"releaseProductionOrder":{"outcome":"ACCEPTED"', '"inspectionLotNo":"IL-10002"']],
])(
  '%s, pasted as it stands, does what it says',
  async (_name, blocks, expected) => {
    const seen = await paste(blocks());
    expect(seen).not.toMatch(/"errors":|SyntaxError|command not found/);
    for (const part of expected) expect(seen).toContain(part);
  },
  120_000,
);

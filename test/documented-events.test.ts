import { expect, test } from 'vitest';
import { filesIn, read, readSources } from './support/source-files.ts';

const pages = ['README.md', 'gateway/README.md'];

/** Several lower-case words in one pair of backticks, which may stand on two lines; a colon or a comma may be among them. */
const words = /`([a-z]+[,:]?(?:\s[a-z]+[,:]?)+)`/g;

/** What is typed, on a command line or as an option, and no event. */
const typed = /^(npm|npx|andon|node|rover) |^[a-z]+: /;

test('each event of the log that the documentation names is one that the sources write', async () => {
  const sources = [...(await readSources()).values()].join('\n');
  const named = new Map<string, string>();
  for (const page of [...pages, ...(await filesIn('docs', '.md'))]) {
    const prose = (await read(page)).replace(/^```.*?^```/gms, '');
    for (const [, given = ''] of prose.matchAll(words)) named.set(given.replace(/\s/g, ' '), page);
  }
  const events = [...named].filter(([name]) => !typed.test(name));
  expect(events.length).toBeGreaterThan(20);
  expect(events.filter(([name]) => !sources.includes(`'${name}'`))).toEqual([]);
});

import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { read, readSources } from './support/source-files.ts';

/** What takes a code as its first or second argument. */
const carriers =
  /\b(?:requireThat|refuse|refuseForNow|refusal|withCode|ClientError|RefusedRequest|SubgraphCallError|PlanningError|AuthenticationError)\(/g;
const code = /^'([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)'$/;

/** The first two arguments of a call, as they are written. */
function firstArguments(text: string, start: number): readonly string[] {
  const found: string[] = [];
  let depth = 0;
  let quote: string | null = null;
  let begin = start;
  for (let at = start; at < text.length && found.length < 2; at += 1) {
    const char = text[at]!;
    if (quote !== null) {
      if (char === '\\') at += 1;
      else if (char === quote) quote = null;
    } else if (`'"\``.includes(char)) quote = char;
    else if ('([{'.includes(char)) depth += 1;
    else if (depth > 0 && ')]}'.includes(char)) depth -= 1;
    else if (depth === 0 && (char === ',' || char === ')')) {
      found.push(text.slice(begin, at).trim());
      begin = at + 1;
      if (char === ')') break;
    }
  }
  return found;
}

function codesIn(text: string): readonly string[] {
  const named = [...text.matchAll(/\bcode(?:: | = )'([A-Z][A-Z0-9_]+)'/g)].map((match) => match[1]!);
  const carried = [...text.matchAll(carriers)]
    .flatMap((match) => firstArguments(text, match.index + match[0].length))
    .flatMap((argument) => code.exec(argument)?.[1] ?? []);
  // What the operating system calls its own (ENOTDIR) is in its manuals.
  return [...named, ...carried].filter((one) => !Object.hasOwn(constants.errno, one));
}

async function documentedCodes(): Promise<readonly string[]> {
  const page = await read('docs/errors.md');
  return [...page.matchAll(/^\| `([A-Z][A-Z0-9_]+)` \|/gm)].map((match) => match[1]!);
}

describe('docs/errors.md', () => {
  it('has every code that the sources can answer with', async () => {
    const documented = new Set(await documentedCodes());
    const missing = [...(await readSources())].flatMap(([file, text]) =>
      codesIn(text)
        .filter((one) => !documented.has(one))
        .map((one) => `${one} (${file})`),
    );
    expect([...new Set(missing)].toSorted()).toEqual([]);
  });

  it('has no code that nothing answers with', async () => {
    const documented = await documentedCodes();
    expect(documented.length).toBeGreaterThan(50);
    const text = [...(await readSources()).values()].join('\n');
    const gone = documented.filter((one) => !text.includes(`'${one}'`) && !new RegExp(`^  ${one}:`, 'm').test(text));
    expect(gone).toEqual([]);
  });

  it('says nothing twice within a table', async () => {
    const page = await read('docs/errors.md');
    for (const section of page.split(/^## /m).slice(1)) {
      const codes = [...section.matchAll(/^\| `([A-Z][A-Z0-9_]+)` \|/gm)].map((match) => match[1]);
      expect(codes).toEqual([...new Set(codes)]);
    }
  });
});

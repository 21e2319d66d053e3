import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  EventStreamReader,
  type ServerSentEvent,
} from '../../../../gateway/subgraph-client/streams/event-stream-reader.ts';

function read(chunks: readonly Uint8Array[], maxBytes = 1_000_000) {
  const events: ServerSentEvent[] = [];
  let comments = 0;
  const reader = new EventStreamReader({
    maxBytes,
    event: (event) => events.push(event),
    comment: () => {
      comments += 1;
    },
  });
  for (const chunk of chunks) reader.push(chunk);
  return { events, comments };
}

const bytes = (text: string) => new TextEncoder().encode(text);
const readText = (text: string) => read([bytes(text)]).events;

test('an event has its name, the lines of its data and the last id', () => {
  const stream = 'id: 7\nevent: next\ndata: {"a":\ndata: 1}\n\ndata:x\n\n';
  expect(readText(stream)).toEqual([
    { type: 'next', data: '{"a":\n1}', id: '7' },
    { type: '', data: 'x', id: '7' },
  ]);
});

test('what the standard says of odd streams', () => {
  // HTML standard, 9.2.6: one space after the colon goes, a name without a colon has an empty value, and so on.
  expect(readText('\ufeffdata:  two\n\n')).toMatchObject([{ data: ' two' }]);
  expect(readText('data\n\ndata\ndata\n\ndata:')).toMatchObject([{ data: '' }, { data: '\n' }]);
  expect(readText('retry: 5\nunknown: x\n: comment\n\n')).toEqual([]);
  expect(readText('id: a\0b\nid\ndata: 1\n\n')).toMatchObject([{ id: '' }]);
  expect(readText('event: complete\n\n')).toMatchObject([{ type: 'complete', data: '' }]);
  expect(readText('data: unfinished\n')).toEqual([]);
});

test('wherever the bytes are cut and however lines end, the same events come out', () => {
  const piece = fc.constantFrom('id: 1', 'event: next', 'data: ü€🏭', 'data', ': here', '', '', 'data: {"a":1}');
  const lineEnd = fc.constantFrom('\n', '\r\n', '\r');
  fc.assert(
    fc.property(
      fc.array(fc.tuple(piece, lineEnd), { minLength: 1, maxLength: 40 }),
      fc.array(fc.nat(400), { maxLength: 30 }),
      (lines, cuts) => {
        const mixed = bytes(lines.map(([text, end]) => text + end).join(''));
        // `\r` before a line that is empty and ends with `\n` is one line end, not two.
        const unix = bytes(new TextDecoder().decode(mixed).replaceAll(/\r\n?/g, '\n'));
        const places = [0, ...cuts.map((cut) => cut % mixed.length).sort((a, b) => a - b), mixed.length];
        const chunks = places.slice(1).map((end, n) => mixed.subarray(places[n], end));
        expect(read(chunks)).toEqual(read([unix]));
      },
    ),
  );
});

test('an event over the limit ends the reading, however small its pieces are and whatever it consists of', () => {
  expect(readText(`data: ${'x'.repeat(500)}\n\n`)).toHaveLength(1);
  expect(() => read([bytes(`data: ${'€'.repeat(200)}\n\n`)], 500)).toThrow('An event has more than 500 bytes.');
  for (const line of ['data: x\n', 'id: 1\n', 'event: y\n', 'z']) {
    const endless = Array.from({ length: 1_000 }, () => bytes(line));
    expect(() => read(endless, 500), line).toThrow('An event has more than 500 bytes.');
  }
  const many = Array.from({ length: 1_000 }, () => bytes(': heartbeat\n\ndata: x\n\n'));
  expect(read(many, 500)).toMatchObject({ comments: 1_000 });
});

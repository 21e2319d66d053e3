import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Federation, startFederation } from '../support/federation-gateway.ts';
import { itself } from '../support/federation-subgraph.ts';
import { steadyTimers } from '../support/steady-time.ts';

/** The price of a part needs the colour of its drawing: one subgraph knows the drawing, another one its colour. */
const drawings = {
  typeDefs: `
    type Part @key(fields: "id") { id: ID! drawing: Drawing! }
    type Drawing @key(fields: "id") { id: ID! sheet: Sheet }
    type Sheet @shareable { size: Int }
  `,
  resolvers: {
    Part: { __resolveReference: itself, drawing: ({ id }: { id: string }) => ({ id: `d-${id}` }) },
    Drawing: { __resolveReference: itself, sheet: () => ({ size: 4 }) },
  },
};
const prices = {
  typeDefs: `
    type Shelf @key(fields: "id") { id: ID! level: Int }
    type Part @key(fields: "id number") @key(fields: "id") {
      id: ID! number: Int! drawing: Drawing! @external price: String! @requires(fields: "drawing { colour }") weight: Int
    }
    type Drawing { colour: Colour @external }
    enum Colour { RED GREEN }
  `,
  resolvers: {
    Shelf: { __resolveReference: itself, level: () => 3 },
    Part: {
      __resolveReference: itself,
      weight: () => 7,
      number: () => 1,
      price: ({ drawing }: { drawing: { colour: string } }) => `for ${drawing.colour}`,
    },
  },
};
const shelves = {
  typeDefs: `
    type Query { shelf: Shelf }
    type Shelf @key(fields: "id") {
      id: ID! parts: [Part!] level: Int @external label: String @requires(fields: "level")
    }
    type Part @key(fields: "id") { id: ID! }
    type Drawing @key(fields: "id") {
      id: ID! colour: Colour sheet: Sheet @external title: String @requires(fields: "sheet { size }")
    }
    type Sheet @shareable { size: Int }
    enum Colour { RED GREEN }
  `,
  resolvers: {
    Query: { shelf: () => ({ id: 's1' }) },
    Shelf: {
      __resolveReference: itself,
      parts: () => [{ id: 'p1' }],
      label: ({ level }: { level: number }) => `level ${level}`,
    },
    Drawing: { __resolveReference: itself, colour: () => 'RED', title: () => 'A' },
  },
};

let federation: Federation;
beforeAll(async () => {
  // A busy machine may take longer than planning gets to start a planner again.
  const timers = { ...steadyTimers, after: (ms: number, run: () => void) => steadyTimers.after(20 * ms, run) };
  federation = await startFederation({ drawings, prices, shelves }, { runtime: { timers } });
});
afterAll(() => federation.close());

// Planner 0.0.38 panics in ast/mismatch_finder.rs ("called `Option::unwrap()` on a `None` value"), which ends its process.
const deadly = (alias: string) => federation.query(`{ ${alias}: shelf { parts { price } } }`);
const harmless = (alias: string) =>
  federation.query(`{ ${alias}: shelf { label parts { weight drawing { colour } } } }`);
const shelf = { label: 'level 3', parts: [{ weight: 7, drawing: { colour: 'RED' } }] };

const priced = { parts: [{ price: 'for RED' }] };

test('an operation that ends the planner is planned in another way, and the gateway goes on', async () => {
  const { data, errors } = await deadly('a');
  expect(errors).toBeUndefined();
  expect(data).toEqual({ a: priced });
  expect((await harmless('a')).data).toEqual({ a: shelf });
});

test('what is planned at the same moment is answered', async () => {
  const names = ['b', 'c', 'd'];
  const answers = await Promise.all(
    names.flatMap((name) => [harmless(`${name}1`), deadly(`${name}2`), harmless(`${name}3`)]),
  );
  expect(answers.map(({ data }) => data)).toEqual(
    names.flatMap((name) => [{ [`${name}1`]: shelf }, { [`${name}2`]: priced }, { [`${name}3`]: shelf }]),
  );
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Federation, startFederation } from '../support/federation-gateway.ts';

/** Nobody has the size of every part: here it is external for one kind, there for the other. */
const subgraph = (known: 'Bolt' | 'Nut') => {
  const typeOf = (name: string) => `
    type ${name} implements Part @key(fields: "id") { id: ID! size: Int ${known === name ? '' : '@external'} ${known === name ? '' : `fits: Boolean @requires(fields: "size")`} }`;
  return {
    typeDefs: `
      type Query { best: Part @shareable }
      interface Part { id: ID! size: Int }
      ${typeOf('Bolt')}
      ${typeOf('Nut')}
    `,
    resolvers: {
      Query: { best: () => ({ __typename: 'Bolt', id: 'b1', ...(known === 'Bolt' && { size: 7 }) }) },
      Bolt: { __resolveReference: ({ id }: { id: string }) => ({ id, size: 7 }) },
    },
  };
};

let federation: Federation;
beforeAll(async () => {
  federation = await startFederation({ bolts: subgraph('Bolt'), nuts: subgraph('Nut') });
});
afterAll(() => federation.close());

test('a field of an interface that no subgraph has for all of its types is refused, and not guessed', async () => {
  const { data, errors } = await federation.query('{ best { size } }');
  expect([data, errors?.map(({ extensions }) => extensions?.['code'])]).toEqual([undefined, ['PLANNING_FAILED']]);
});

test('asked for by type, it is answered', async () => {
  const { data, errors } = await federation.query('{ best { __typename ... on Bolt { size } ... on Nut { size } } }');
  expect(errors).toBeUndefined();
  expect(data).toEqual({ best: { __typename: 'Bolt', size: 7 } });
});

test('so it is where that is the key of the types', async () => {
  const nodes = (known: 'Account' | 'Chat') => {
    const typeOf = (name: string) =>
      `type ${name} implements Node @key(fields: "id") { id: ID! ${known === name ? `${known.toLowerCase()}s: Int` : '@external'} }`;
    return {
      typeDefs: `
        type Query { node: Node @shareable }
        interface Node { id: ID! }
        ${typeOf('Account')}
        ${typeOf('Chat')}
      `,
      resolvers: { Query: { node: () => ({ __typename: known, id: 'n1' }) } },
    };
  };
  const divided = await startFederation({ accounts: nodes('Account'), chats: nodes('Chat') });
  const { data, errors } = await divided.query('{ node { id } }');
  await divided.close();
  expect([data, errors?.map(({ extensions }) => extensions?.['code'])]).toEqual([undefined, ['PLANNING_FAILED']]);
});

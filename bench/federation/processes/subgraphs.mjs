// The four subgraphs of the public federation-gateway benchmark with its data, in one process: PORT/accounts, …
// Answers are remembered by request body, so the subgraphs cost next to nothing and the gateway is what is measured.
// `topProducts(first:)` counts modulo 1000, so that requests can differ while their answers do not.
import http from 'node:http';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { graphql, parse } from 'graphql';

const texts = [
  'Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore et dolore magna aliqua. Ut enim ad minim veniam, quis nostrud exercitation ullamco laboris nisi ut aliquip ex ea commodo consequat. Duis aute irure dolor in reprehenderit in voluptate velit esse cillum dolore eu fugiat nulla pariatur. Excepteur sint occaecat cupidatat non proident, sunt in culpa qui officia deserunt mollit anim id est laborum.',
  'Sed ut perspiciatis unde omnis iste natus error sit voluptatem accusantium doloremque laudantium, totam rem aperiam, eaque ipsa quae ab illo inventore veritatis et quasi architecto beatae vitae dicta sunt explicabo. Nemo enim ipsam voluptatem quia voluptas sit aspernatur aut odit aut fugi',
  'sed quia consequuntur magni dolores eos qui ratione voluptatem sequi nesciunt. Neque porro quisquam est, qui dolorem ipsum quia dolor sit amet, consectetur, adipisci velit, sed quia non numquam eius modi tempora incidunt ut labore et dolore magnam aliquam quaerat voluptatem.',
  'Ut enim ad minima veniam, quis nostrum exercitationem ullam corporis suscipit laboriosam, nisi ut aliquid ex ea commodi consequatur? Quis autem',
  'At vero eos et accusamus et iusto odio dignissimos ducimus qui blanditiis praesentium voluptatum deleniti atque corrupti quos dolores et quas molestias excepturi sint occaecati cupiditate non provident, similique sunt in culpa qui officia deserunt mollitia animi, id est laborum et dolorum fuga. Et harum quidem rerum facilis est et expedita distinctio. Nam libero tempore, cum soluta nobis est eligendi optio cumque nihil impedit quo minus id quod maxime placeat facere possimus, omnis voluptas assumenda est, omnis dolor repellendus. Temporibus autem quibusdam et aut officiis debitis aut rerum necessitatibus saepe eveniet ut et voluptates repudiandae sint et molestiae non recusandae. Itaque earum rerum hic tenetur a sapiente delectus, ut aut reiciendis voluptatibus maiores alias consequatur aut perferendis doloribus asperiores repellat.',
];
const reviews = [
  [0, 1],
  [1, 1],
  [2, 1],
  [3, 1],
  [0, 2],
  [1, 2],
  [2, 2],
  [3, 2],
  [3, 3],
  [3, 4],
  [4, 4],
].map(([text, upc], index) => ({ id: `${index + 1}`, body: texts[text], product: { upc: `${upc}` } }));
const users = [
  ['Uri Goldshtein', 'urigo'],
  ['Dotan Simha', 'dotansimha'],
  ['Kamil Kisiela', 'kamilkisiela'],
  ['Arda Tanrikulu', 'ardatan'],
  ['Gil Gardosh', 'gilgardosh'],
  ['Laurin Quast', 'laurin'],
].map(([name, username], index) => ({ id: `${index + 1}`, name, username, birthday: 1234567890 }));
const products = [
  ['Table', 899, 100, true],
  ['Couch', 1299, 1000, false],
  ['Glass', 15, 20, false],
  ['Chair', 499, 100, false],
  ['TV', 1299, 1000, true],
  ['Lamp', 6999, 300, true],
  ['Grill', 3999, 2000, true],
  ['Fridge', 100000, 6000, false],
  ['Sofa', 9999, 800, true],
].map(([name, price, weight, inStock], index) => ({ upc: `${index + 1}`, name, price, weight, inStock }));
const author = { id: '1', username: 'urigo', reviews: reviews.slice(0, 2) };

const link =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.0", import: ["@key", "@external", "@requires", "@provides"])\n';
const build = (typeDefs, resolvers) => buildSubgraphSchema({ typeDefs: parse(link + typeDefs), resolvers });

const schemas = {
  accounts: build(
    `type Query { me: User user(id: ID!): User users: [User] }
     type User @key(fields: "id") { id: ID! name: String username: String birthday: Int }`,
    {
      Query: { me: () => users[0], user: (_, { id }) => users.find((user) => user.id === id), users: () => users },
      User: { __resolveReference: ({ id }) => users.find((user) => user.id === id) },
    },
  ),
  products: build(
    `type Query { topProducts(first: Int = 5): [Product] }
     type Product @key(fields: "upc") { upc: String! weight: Int price: Int name: String }`,
    {
      Query: { topProducts: (_, { first }) => products.slice(0, first % 1000) },
      Product: { __resolveReference: ({ upc }) => products.find((product) => product.upc === upc) },
    },
  ),
  inventory: build(
    `type Product @key(fields: "upc") { upc: String! weight: Int @external price: Int @external inStock: Boolean
       shippingEstimate: Int @requires(fields: "price weight") }`,
    {
      Product: {
        __resolveReference: (given) => ({ ...given, inStock: products[Number(given.upc) - 1].inStock }),
        shippingEstimate: ({ price, weight }) => (price > 1000 ? 0 : Math.floor(weight / 2)),
      },
    },
  ),
  reviews: build(
    `type Review @key(fields: "id") { id: ID! body: String product: Product author: User @provides(fields: "username") }
     type User @key(fields: "id") { id: ID! username: String @external reviews: [Review] }
     type Product @key(fields: "upc") { upc: String! reviews: [Review] }`,
    {
      Review: { __resolveReference: ({ id }) => reviews.find((review) => review.id === id), author: () => author },
      User: { __resolveReference: (given) => ({ ...given, username: 'user' }), reviews: () => reviews.slice(0, 2) },
      Product: { reviews: ({ upc }) => reviews.filter((review) => review.product.upc === upc) },
    },
  ),
};

const known = new Map();
const differing = /("\w*first\w*":)(\d+)/;

async function answer(name, body) {
  const equal = body.replace(differing, (_, head, first) => `${head}${Number(first) % 1000}`);
  const key = `${name} ${equal}`;
  const remembered = known.get(key);
  if (remembered) return remembered;
  const { query, variables, operationName } = JSON.parse(equal);
  const result = await graphql({ schema: schemas[name], source: query, variableValues: variables, operationName });
  const bytes = Buffer.from(JSON.stringify(result));
  known.set(key, bytes);
  return bytes;
}

http
  .createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', async () => {
      const bytes = await answer(request.url.slice(1), Buffer.concat(chunks).toString());
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length });
      response.end(bytes);
    });
  })
  .listen(Number(process.env.PORT), '127.0.0.1', () => console.log('ready'));

import type { SubgraphDefinition } from './federation-subgraph.ts';

/**
 * The four subgraphs, the data and the query of the public federation gateway benchmark: 15 hops, some 90 KB of answer,
 * and few distinct entities in many places. Source: https://github.com/graphql-hive/federation-gateway-benchmark (MIT).
 */
const bodies = [
  'Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore et dolore. '.repeat(
    4,
  ),
  'Sed ut perspiciatis unde omnis iste natus error sit voluptatem accusantium doloremque laudantium. '.repeat(3),
  'sed quia consequuntur magni dolores eos qui ratione voluptatem sequi nesciunt. '.repeat(3),
  'Ut enim ad minima veniam, quis nostrum exercitationem ullam corporis suscipit laboriosam. ',
  'At vero eos et accusamus et iusto odio dignissimos ducimus qui blanditiis praesentium voluptatum. '.repeat(8),
];
const places = [
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
] as const;
const reviews = places.map(([body, upc], i) => ({ id: String(i + 1), body: bodies[body], upc: String(upc) }));
const names = ['Uri Goldshtein', 'Dotan Simha', 'Kamil Kisiela', 'Arda Tanrikulu', 'Gil Gardosh', 'Laurin Quast'];
const users = names.map((name, i) => ({
  id: String(i + 1),
  name,
  username: name.split(' ')[0]?.toLowerCase(),
  birthday: 1_234_567_890,
}));
const products = [
  ['Table', 899, 100],
  ['Couch', 1299, 1000],
  ['Glass', 15, 20],
  ['Chair', 499, 100],
  ['TV', 1299, 1000],
  ['Lamp', 6999, 300],
  ['Grill', 3999, 2000],
  ['Fridge', 100_000, 6000],
  ['Sofa', 9999, 800],
].map(([name, price, weight], i) => ({ upc: String(i + 1), name, price: price as number, weight: weight as number }));
const stock = [true, false, false, false, true, true, true, false, true];

type User = { readonly id: string };
type Product = { readonly upc: string; readonly price?: number; readonly weight?: number };
type Review = (typeof reviews)[number];

const user = ({ id }: User) => users.find((entry) => entry.id === id);
const product = ({ upc }: Product) => products.find((entry) => entry.upc === upc);
const inStock = ({ upc }: Product) => stock[Number(upc) - 1];
const shippingEstimate = ({ price = 0, weight = 0 }: Product) => (price > 1000 ? 0 : Math.floor(weight / 2));
const userReviews = () => reviews.slice(0, 2);
const productReviews = ({ upc }: Product) => reviews.filter((review) => review.upc === upc);
const queries = {
  me: () => users[0],
  user: (_: unknown, key: User) => user(key),
  users: () => users,
  topProducts: (_: unknown, { first }: { first: number }) => products.slice(0, first),
};

export function benchmark(): Record<string, SubgraphDefinition> {
  return {
    accounts: {
      typeDefs: `type Query { me: User user(id: ID!): User users: [User] }
        type User @key(fields: "id") { id: ID! name: String username: String @shareable birthday: Int }`,
      resolvers: {
        Query: { me: queries.me, user: queries.user, users: queries.users },
        User: { __resolveReference: user },
      },
    },
    inventory: {
      typeDefs: `type Product @key(fields: "upc") { upc: String! weight: Int @external price: Int @external inStock: Boolean
        shippingEstimate: Int @requires(fields: "price weight") }`,
      resolvers: { Product: { __resolveReference: (self: Product) => self, inStock, shippingEstimate } },
    },
    products: {
      typeDefs: `type Query { topProducts(first: Int = 5): [Product] }
        type Product @key(fields: "upc") { upc: String! weight: Int price: Int name: String }`,
      resolvers: { Query: { topProducts: queries.topProducts }, Product: { __resolveReference: product } },
    },
    reviews: {
      typeDefs: `type Review @key(fields: "id") { id: ID! body: String product: Product author: User @provides(fields: "username") }
        type User @key(fields: "id") { id: ID! username: String @external reviews: [Review] }
        type Product @key(fields: "upc") { upc: String! reviews: [Review] }`,
      resolvers: {
        Review: { product: ({ upc }: Review) => ({ upc }), author: () => ({ id: '1', username: users[0]?.username }) },
        User: { reviews: userReviews },
        Product: { reviews: productReviews },
      },
    },
  };
}

export const benchmarkResolvers: Record<string, Record<string, (source: never, args: never) => unknown>> = {
  Query: queries,
  Product: { inStock, shippingEstimate, reviews: productReviews },
  Review: { product, author: () => users[0] },
  User: { reviews: userReviews },
};

export const benchmarkQuery = `
  fragment User on User { id username name }
  fragment Review on Review { id body }
  fragment Product on Product { inStock name price shippingEstimate upc weight }
  query TestQuery {
    users { ...User reviews { ...Review product { ...Product reviews { ...Review author { ...User reviews { ...Review product { ...Product } } } } } } }
    topProducts { ...Product reviews { ...Review author { ...User reviews { ...Review product { ...Product } } } } }
  }
`;

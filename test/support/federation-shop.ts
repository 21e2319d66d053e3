import type { SubgraphDefinition } from './federation-subgraph.ts';

/** A small graph over three subgraphs that many cases share: catalogue, stock, reviews. */
const products = [
  { id: 'p1', name: 'Table', price: 900, weight: 100 },
  { id: 'p2', name: 'Lamp', price: 40, weight: 3 },
  { id: 'p3', name: 'Rug', price: null, weight: null },
];

const reviews = [
  { id: 'r1', body: 'Solid', product: 'p1', author: 'u1' },
  { id: 'r2', body: 'Bright', product: 'p2', author: 'u1' },
  { id: 'r3', body: 'Wobbly', product: 'p1', author: 'u2' },
  { id: 'r4', body: null, product: 'p3', author: 'u2' },
];

const amounts: Record<string, number | null> = { p1: 4, p2: 0, p3: null };
const find = (id: string) => products.find((product) => product.id === id);

export function catalogue(): SubgraphDefinition {
  return {
    typeDefs: `
      type Query { products(first: Int = 10): [Product!]! product(id: ID!): Product }
      type Mutation { rename(id: ID!, name: String!): Product }
      type Product @key(fields: "id") { id: ID! name: String price: Int weight: Int kind: Kind! tags: [String!] }
      enum Kind { FURNITURE LIGHT }
    `,
    resolvers: {
      Query: {
        products: (_: unknown, { first }: { first: number }) => products.slice(0, first),
        product: (_: unknown, { id }: { id: string }) => find(id),
      },
      Mutation: { rename: (_: unknown, { id, name }: { id: string; name: string }) => ({ ...find(id), name }) },
      Product: {
        __resolveReference: ({ id }: { id: string }) => find(id),
        kind: ({ id }: { id: string }) => (id === 'p2' ? 'LIGHT' : 'FURNITURE'),
        tags: ({ id }: { id: string }) => [id, `"quoted"\n${id}`, 'ünïcode \u2028 \ud83d\ude00'],
      },
    },
  };
}

export function stock(): SubgraphDefinition {
  return {
    typeDefs: `
      type Product @key(fields: "id") {
        id: ID!
        price: Int @external
        weight: Int @external
        inStock: Int
        shipping: Int @requires(fields: "price weight")
      }
    `,
    resolvers: {
      Product: {
        __resolveReference: (reference: Record<string, unknown>) => reference,
        inStock: ({ id }: { id: string }) => amounts[id],
        shipping: ({ price, weight }: { price?: number | null; weight?: number | null }) =>
          price == null || weight == null ? null : price > 100 ? 0 : weight * 2,
      },
    },
  };
}

export function reviewing(): SubgraphDefinition {
  return {
    typeDefs: `
      type Query { review(id: ID!): Review reviews: [Review] }
      type Review @key(fields: "id") { id: ID! body: String product: Product author: User! }
      type User @key(fields: "id") { id: ID! name: String! reviews: [Review!]! }
      type Product @key(fields: "id") { id: ID! reviews: [Review] }
    `,
    resolvers: {
      Query: {
        review: (_: unknown, { id }: { id: string }) => reviews.find((review) => review.id === id),
        reviews: () => reviews,
      },
      Review: {
        __resolveReference: ({ id }: { id: string }) => reviews.find((review) => review.id === id),
        product: ({ product }: { product: string }) => ({ id: product }),
        author: ({ author }: { author: string }) => ({ id: author }),
      },
      User: {
        name: ({ id }: { id: string }) => `User ${id}`,
        reviews: ({ id }: { id: string }) => reviews.filter(({ author }) => author === id),
      },
      Product: { reviews: ({ id }: { id: string }) => reviews.filter(({ product }) => product === id) },
    },
  };
}

export const shop = () => ({ catalogue: catalogue(), stock: stock(), reviewing: reviewing() });

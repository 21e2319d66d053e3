import type { SubgraphDefinition } from './federation-subgraph.ts';

/**
 * One set of data behind three subgraphs, and the resolvers of a single schema over the same data: what the gateway
 * answers must equal what the single schema answers. Some fields fail and some are null, on purpose.
 */
interface Lot {
  readonly __typename: 'Lot';
  readonly id: string;
  readonly kind: string;
  readonly material: string;
  readonly parent: string | null;
}

const lots: readonly Lot[] = Array.from({ length: 7 }, (_, i) => ({
  __typename: 'Lot',
  id: `l${i}`,
  kind: i % 2 ? 'RAW' : 'FINISHED',
  material: `m${i % 3}`,
  parent: i === 0 ? null : `l${Math.floor(i / 2)}`,
}));
const materials = Array.from({ length: 3 }, (_, i) => ({
  __typename: 'Material' as const,
  id: `m${i}`,
  name: i === 2 ? null : `Material "${i}"`,
  weight: i === 1 ? null : i * 2.5,
}));

type Ref = { readonly id: string };
const lot = ({ id }: Ref) => lots.find((entry) => entry.id === id) ?? null;
const material = ({ id }: Ref) => materials.find((entry) => entry.id === id) ?? null;
const number = ({ id }: Ref) => Number(id.slice(1));
const fail = (what: string): never => {
  throw Object.assign(new Error(what), { extensions: { code: 'GAUGE_BROKEN' } });
};

const lotFields = {
  material: ({ material: id }: Lot) => material({ id }),
  parent: ({ parent }: Lot) => (parent === null ? null : lot({ id: parent })),
  children: (self: Lot, { first }: { first: number }) =>
    lots.filter(({ parent }) => parent === self.id).slice(0, first),
  flaky: (self: Lot) => (number(self) === 3 ? fail('flaky') : number(self)),
};
const stockFields = {
  stock: (self: Ref, { unit }: { unit: string }) =>
    number(self) === 2 ? null : number(self) * (unit === 'KG' ? 1.5 : 1500),
  site: (self: Ref) => (number(self) === 4 ? null : { id: `s${number(self) % 2}`, city: `City ${number(self) % 2}` }),
  holds: (self: Ref) =>
    Array.from({ length: number(self) % 3 }, (_, i) => ({
      id: `h${number(self)}${i}`,
      lot: self,
      reason: i ? null : 'test',
    })),
  brittle: (self: Ref) => (number(self) === 5 ? fail('brittle') : number(self)),
};
const materialStock = {
  density: ({ weight }: { weight?: number | null }) => (weight === null || weight === undefined ? null : weight / 2),
};
const qualityLot = {
  grade: (self: Ref) => (number(self) % 3 === 0 ? 'A' : number(self) % 3 === 1 ? 'B' : null),
  related: (self: Ref) => [
    { __typename: 'Lot', id: `l${(number(self) + 1) % 7}` },
    { __typename: 'Material', id: `m${number(self) % 3}` },
  ],
};
const queries = {
  lots: (_: unknown, { first }: { first: number }) => lots.slice(0, first),
  lot: (_: unknown, { id }: Ref) => lot({ id }),
  nodes: () => [lots[1], materials[0], lots[5]],
  search: (_: unknown, { text }: { text: string | null }) =>
    text === 'none' ? [] : [materials[1], lots[3], null, lots[0]],
};

export function plant(): Record<string, SubgraphDefinition> {
  return {
    master: {
      typeDefs: `
        type Query { lots(first: Int = 4): [Lot!]! lot(id: ID!): Lot nodes: [Node!] search(text: String): [Hit] }
        interface Node { id: ID! }
        union Hit = Lot | Material
        enum Kind { RAW FINISHED }
        type Lot implements Node @key(fields: "id") {
          id: ID! kind: Kind! material: Material parent: Lot children(first: Int = 2): [Lot!] flaky: Int
        }
        type Material implements Node @key(fields: "id") { id: ID! name: String weight: Float }
      `,
      resolvers: {
        Query: queries,
        Lot: { ...lotFields, __resolveReference: lot },
        Material: { __resolveReference: material },
      },
    },
    stock: {
      typeDefs: `
        enum Unit { KG G }
        type Lot @key(fields: "id") { id: ID! stock(unit: Unit = KG): Float site: Site holds: [Hold!]! brittle: Int! }
        type Site @key(fields: "id") { id: ID! city: String }
        type Hold { id: ID! lot: Lot reason: String }
        type Material @key(fields: "id") { id: ID! weight: Float @external density: Float @requires(fields: "weight") }
      `,
      resolvers: {
        Lot: stockFields,
        // Whoever has a key that can be asked for finds what it means.
        Site: { __resolveReference: ({ id }: Ref) => ({ id, city: `City ${id.slice(1)}` }) },
        Material: { ...materialStock, __resolveReference: (self: unknown) => self },
      },
    },
    quality: {
      typeDefs: `
        enum Grade { A B }
        union Related = Lot | Material
        type Query { worst: Lot }
        type Lot @key(fields: "id") { id: ID! grade: Grade related: [Related!] }
        type Material @key(fields: "id") { id: ID! }
        type Site @key(fields: "id") { id: ID! auditor: String }
      `,
      resolvers: {
        Query: { worst: () => ({ id: 'l6' }) },
        Lot: qualityLot,
        Site: { auditor: ({ id }: Ref) => `auditor of ${id}` },
      },
    },
  };
}

/** Resolvers of the same graph as one schema. */
export const monolithResolvers: Record<string, Record<string, (source: never, args: never) => unknown>> = {
  Query: { ...queries, worst: () => lot({ id: 'l6' }) },
  Lot: {
    ...lotFields,
    ...stockFields,
    ...qualityLot,
    related: (self: Lot) => [lots[(number(self) + 1) % 7], materials[number(self) % 3]],
  },
  Material: materialStock,
  Site: { auditor: ({ id }: Ref) => `auditor of ${id}` },
};

/** Arguments of the plant's fields, for generated operations. */
export const plantArguments = {
  first: ['1', '3', '10'],
  id: ['"l1"', '"l6"', '"nothing"'],
  text: ['"none"', '"a"', 'null'],
  unit: ['KG', 'G'],
};

import { testConformance } from '../support/federation-conformance.ts';

/** What a field requires depends on the type of the object: so the subgraph is told the type. */
testConformance({
  subgraphs: {
    stock: `
      type Query { batch: Batch }
      interface Place { id: ID! }
      type Shelf implements Place @key(fields: "id") { id: ID! aisle: String @shareable }
      type Tank implements Place @key(fields: "id") { id: ID! aisle: String @shareable }
      type Batch @key(fields: "id") {
        id: ID!
        label: String! @shareable
        place: Place @external
        aisle: String @requires(fields: "place { id }")
        level: String @requires(fields: "place { ... on Tank { id } }")
      }
    `,
    warehouse: `
      type Query { oldest: Batch }
      interface Place { id: ID! }
      type Shelf implements Place @key(fields: "id") { id: ID! aisle: String @shareable }
      type Tank implements Place @key(fields: "id") { id: ID! aisle: String @shareable }
      type Dock implements Place @key(fields: "id") { id: ID! aisle: String @shareable }
      type Batch @key(fields: "id") { id: ID! label: String! @shareable place: Place }
    `,
    lab: `
      type Batch @key(fields: "id") {
        id: ID!
        origin: Origin @external
        summary: String! @requires(fields: "origin { code ... on Supplied { supplier ... on Poured { melt } ... on Rolled { coil } } }")
        code: String! @requires(fields: "origin { ... on Origin { code } }")
      }
      interface Origin { code: String! }
      interface Supplied implements Origin { code: String! supplier: String! }
      type Poured implements Origin & Supplied @shareable { code: String! supplier: String! melt: String! }
      type Rolled implements Origin & Supplied @shareable { code: String! supplier: String! coil: String! }
    `,
    purchasing: `
      type Batch @key(fields: "id") { id: ID! origin: Origin }
      interface Origin { code: String! }
      interface Supplied implements Origin { code: String! supplier: String! }
      type Poured implements Origin & Supplied @shareable { code: String! supplier: String! melt: String! }
      type Rolled implements Origin & Supplied @shareable { code: String! supplier: String! coil: String! }
    `,
  },
  cases: {
    'a required interface field is fetched first': '{ batch { aisle } }',
    'a required fragment applies to objects of its type alone': '{ batch { level } oldest { aisle level } }',
    'required and selected fields of one interface do not disturb each other':
      '{ batch { label aisle place { ... on Tank { aisle } } } }',
    'fragments within required fragments apply': '{ batch { summary } }',
    'a fragment on the interface itself applies to all': '{ oldest { code origin { code } } }',
  },
});

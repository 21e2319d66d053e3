import { describe } from 'vitest';
import { testConformance } from '../support/federation-conformance.ts';

/** Where the native planner fails or leaves something out, operations are planned in another way. */
describe('requirements with arguments, side by side', () => {
  testConformance({
    subgraphs: {
      costing: `
        type Part @key(fields: "id") {
          id: ID!
          weight: Int @external
          price(currency: String!): Int @external
          freight: Int @requires(fields: "price(currency: \\"USD\\") weight")
          freightEUR: Int @requires(fields: "price(currency: \\"EUR\\") weight")
          group: Group @external
          isDear: Boolean @requires(fields: "group { average(currency: \\"USD\\") }")
          isDearInEurope: Boolean @requires(fields: "group { average(currency: \\"EUR\\") }")
        }
        type Group @external { average(currency: String!): Int }
      `,
      catalogue: `
        type Query { parts: [Part] }
        type Part @key(fields: "id") { id: ID! name: String price(currency: String!): Int weight: Int group: Group }
        type Group { average(currency: String!): Int title: String }
      `,
      lines: `
        type Query { lines: [Line] }
        type Line @key(fields: "id") { id: ID! stops(last: Int!): [Stop] @external }
        type Stop @key(fields: "id") {
          id: ID!
          causeId: ID
          reason: String!
          similar: [Line] @external
          isFrequent: Boolean @requires(fields: "similar { stops(last: 50) { id } }")
        }
      `,
      causes: `
        type Line @key(fields: "id") {
          id: ID!
          mainCause: Cause @requires(fields: "stops(last: 3) { causeId }")
          stops(last: Int!): [Stop]
        }
        type Stop @key(fields: "id") { id: ID! at: String causeId: ID @external similar: [Line] }
        type Cause { id: ID! name: String }
      `,
    },
    cases: {
      'two below one object': '{ parts { isDear isDearInEurope } }',
      'four of two kinds': '{ parts { freight freightEUR isDear isDearInEurope name } }',
      'beside other arguments of the client':
        '{ parts { freight price(currency: "GBP") group { average(currency: "GBP") } isDear } }',
      'in a list of entities with arguments': '{ lines { mainCause { id } stops(last: 1) { id isFrequent } } }',
      'in fragments':
        '{ lines { ...A ...B } } fragment A on Line { stops(last: 2) { id } } fragment B on Line { stops(last: 2) { reason } mainCause { name } }',
    },
  });
});

describe('fields that subgraphs add to an interface', () => {
  testConformance({
    subgraphs: {
      maintenance: `
        type Query { machine: Machine operators: [Named!]! }
        interface Named @key(fields: "id") { id: ID! name: String }
        type Operator implements Named @key(fields: "id") { id: ID! name: String age: Int }
        interface Machine @key(fields: "id") { id: ID! }
        type Press implements Machine @key(fields: "id") { id: ID! force: Int! isRunning: Boolean! @shareable }
        type Robot implements Machine @key(fields: "id") { id: ID! force: Int! }
      `,
      tooling: `type Press @key(fields: "id") { id: ID! tool: String } type Query { presses: [Press!] }`,
      floor: `
        type Query { staff: [Named] machines: [Machine] cell: Cell }
        type Cell @key(fields: "id") { id: ID! name: String machine: Machine }
        type Named @key(fields: "id") @interfaceObject { id: ID! badge: String }
        type Machine @key(fields: "id") @interfaceObject { id: ID! state: String! }
      `,
      energy: `type Machine @key(fields: "id") @interfaceObject { id: ID! load: Float! }`,
    },
    cases: {
      'for two types at once, each with its own fields':
        '{ machines { id ... on Press { force state } ... on Robot { force state } } }',
      'for one type only': '{ machines { ... on Press { tool state load } } }',
      'below an entity': '{ cell { name machine { id ... on Press { force tool } } } }',
      'with the type told': '{ staff { __typename badge ... on Operator { age name } } }',
    },
  });
});

describe('provided fields of an interface', () => {
  testConformance({
    subgraphs: {
      index: `type Query { order: Order @shareable } interface Order { id: ID! } type Job implements Order @key(fields: "id") { id: ID! }`,
      board: `
        type Query { order: Order @shareable @provides(fields: "steps { id name }") }
        interface Order { id: ID! steps: [Step] }
        interface Step { id: ID! name: String }
        type Job implements Order { id: ID! @shareable steps: [Step] @external }
        type Cut implements Step { id: ID! @external name: String @external }
        type Weld implements Step { id: ID! @external name: String @external }
      `,
      routing: `
        interface Order { id: ID! steps: [Step] }
        interface Step { id: ID! name: String }
        type Job implements Order @key(fields: "id") { id: ID! steps: [Step] @shareable }
        type Cut implements Step @key(fields: "id") { id: ID! name: String @shareable minutes: Int }
        type Weld implements Step @key(fields: "id") { id: ID! name: String @shareable minutes: Int }
      `,
    },
    cases: {
      'come with the order': '{ order { id steps { id name } } }',
      'and are joined with what only their owner knows': '{ order { steps { id ... on Weld { minutes } name } } }',
    },
  });
});

describe('types that two members of a union disagree on', () => {
  testConformance({
    subgraphs: {
      people: `type Query { workers: [Worker!]! } type Worker @key(fields: "id") { id: ID @shareable }`,
      access: `
        type Query { owners: [Owner!]! }
        union Owner = Worker | Team
        type Worker @key(fields: "id") { id: ID! @shareable name: String peers: [Owner!]! }
        type Team { id: ID name: String peers: [Owner!]! }
      `,
    },
    cases: {
      'in one list': '{ workers { id name } owners { ... on Worker { id name } ... on Team { id name } } }',
      'three levels deep': `{ owners { ...O } } fragment O on Owner {
        ... on Worker { id peers { ... on Worker { id peers { ...P } } ... on Team { id peers { ...P } } } }
        ... on Team { id peers { ... on Worker { id peers { ...P } } ... on Team { id peers { ...P } } } }
      } fragment P on Owner { ... on Worker { id name } ... on Team { id name } }`,
    },
  });
});

describe('fields of an interface object, some of which require others', () => {
  testConformance({
    subgraphs: {
      stock: `
        type Query { items: [Item!]! }
        interface Item @key(fields: "id") { id: ID! label: String }
        type Bolt implements Item @key(fields: "id") { id: ID! label: String pitch: Int }
        type Plate implements Item @key(fields: "id") { id: ID! label: String }
      `,
      tagging: `
        type Query { tagged: [Item!]! }
        type Item @key(fields: "id") @interfaceObject {
          id: ID! label: String @external weight: String! tag: String @requires(fields: "label")
        }
      `,
    },
    cases: {
      'by one type, beside a field of all': '{ items { weight ... on Bolt { weight tag } } }',
      'by one type, all by another': '{ items { ... on Bolt { tag pitch } ... on Plate { weight tag } } }',
      'by one type, where the subgraph of the interface object begins': '{ tagged { id ... on Bolt { pitch tag } } }',
    },
  });
});

describe('a requirement of what itself requires something, over keys of other subgraphs', () => {
  testConformance({
    subgraphs: {
      floor: `
        type Query { job: Job }
        type Job @key(fields: "ref { code }") { ref: JobRef! minutes: Int }
        type JobRef { code: ID! }
      `,
      times: `
        type Job @key(fields: "code") @key(fields: "ref { code }") {
          code: String! ref: JobRef! minutes: Int @external pace: String @requires(fields: "minutes")
        }
        type JobRef { code: ID! }
      `,
      numbers: 'type Job @key(fields: "id") @key(fields: "code") { id: ID! code: String! }',
      bonuses:
        'type Job @key(fields: "id") { id: ID! pace: String @external next: Job bonus: String! @requires(fields: "pace") }',
    },
    cases: {
      'comes after what it requires': '{ job { bonus } }',
      'at several levels': '{ job { bonus next { pace bonus } } }',
    },
    runs: 10,
  });
});

describe('two requirements of one list with different arguments', () => {
  testConformance({
    subgraphs: {
      cells: 'type Query { cell: Cell } type Cell @key(fields: "id") { id: ID! name: String }',
      stops: `
        type Cell @key(fields: "id") { id: ID! stops(last: Int = 1): [Stop] @provides(fields: "minutes") }
        type Stop @key(fields: "id") { id: ID! minutes: Float @external }
      `,
      reasons: `
        type Stop @key(fields: "id") { id: ID! reason: String minutes: Float @shareable }
        type Cell @key(fields: "id") {
          id: ID! stops(last: Int = 1): [Stop] @external
          latest: String @requires(fields: "stops { minutes }")
          history: String @requires(fields: "stops(last: 0) { id }")
        }
      `,
    },
    cases: {
      'each get their own': '{ cell { latest history name } }',
      'also in the other order, and beside the client': '{ cell { history stops(last: 3) { reason } latest } }',
    },
    runs: 10,
  });
});

describe('a requirement of what itself requires something, of objects behind an interface', () => {
  testConformance({
    subgraphs: {
      floor: `
        type Order @key(fields: "id") { id: ID! item: Item! }
        interface Item { id: ID! label: String }
        type Bolt implements Item @key(fields: "id num") @key(fields: "id") {
          id: ID! num: Int! label: String @shareable
          colours: [String!] @external
          coating: String @requires(fields: "colours")
        }
      `,
      paint: 'type Bolt @key(fields: "id") { id: ID! colours: [String!] @shareable }',
      stock: 'type Bolt @key(fields: "id") { id: ID! colours: [String!] @shareable weight: Int }',
      sales: `
        type Query { order: Order items: [Item] }
        type Order @key(fields: "id") { id: ID! }
        interface Item { id: ID! label: String }
        type Bolt implements Item @key(fields: "id") {
          id: ID! label: String @shareable coating: String @external price: String! @requires(fields: "coating")
        }
      `,
    },
    cases: {
      'comes after what it requires': '{ order { item { ... on Bolt { price } } } }',
      'beside what others know': '{ order { item { label ... on Bolt { weight price coating num } } } }',
      'from another side': '{ items { id ... on Bolt { price } } }',
    },
    runs: 10,
  });
});

describe('a requirement of what itself requires something of the first subgraph', () => {
  testConformance({
    subgraphs: {
      floor: `
        type Query { jobs: [Job]! }
        type Job @key(fields: "ref { code }") @key(fields: "id") {
          id: ID!
          ref: JobRef!
          minutes: Float @external
          next: Job @external
          pace: String @requires(fields: "minutes")
          rank: String! @requires(fields: "next { minutes }")
        }
        type JobRef { code: ID! }
      `,
      times: `
        type Job @key(fields: "id") {
          id: ID!
          minutes: Float
          next: Job
          pace: String @external
          rank: String! @external
          grade: String @requires(fields: "pace")
          score: String @requires(fields: "rank")
        }
      `,
    },
    cases: {
      'goes there and back': '{ jobs { grade } }',
      'with everything on the way': '{ jobs { minutes grade pace } }',
      'of what is nested': '{ jobs { score next { score pace } } }',
    },
    runs: 10,
  });
});

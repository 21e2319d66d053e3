import { testConformance } from '../support/federation-conformance.ts';

/** Two subgraphs know machines by their interface only, and a third adds fields to one kind of machine. */
testConformance({
  subgraphs: {
    maintenance: `
      type Query { machine: Machine }
      interface Machine @key(fields: "id") { id: ID! name: String }
      type Press implements Machine @key(fields: "id") { id: ID! name: String force: Int }
      type Robot implements Machine @key(fields: "id") { id: ID! name: String axes: Int! }
    `,
    tooling: `type Press @key(fields: "id") { id: ID! tool: String } type Query { presses: [Press!] }`,
    floor: `
      type Query { cell: Cell machines: [Machine!] }
      type Cell @key(fields: "id") { id: ID! name: String machine: Machine }
      type Machine @key(fields: "id") @interfaceObject { id: ID! state: String! }
    `,
    energy: `type Machine @key(fields: "id") @interfaceObject { id: ID! load: Float! }`,
  },
  cases: {
    'fields that need no type are answered without it': '{ machines { id load } }',
    'the same beside fields of the interface in its own subgraph': '{ machines { id load state name } }',
    'the real type is told': '{ machines { __typename state } }',
  },
  runs: 0,
});

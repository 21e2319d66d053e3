import { describe } from 'vitest';
import { testConformance } from '../support/federation-conformance.ts';

describe('objects of several types behind one interface', () => {
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
});

describe('fragments on an interface or union that the subgraph of an interface object does not know', () => {
  testConformance({
    subgraphs: {
      parts: `
        type Query { parts: [Part] }
        interface Part @key(fields: "id") { id: ID! }
        interface Heavy { id: ID! weight: Int }
        type Bolt implements Part & Heavy @key(fields: "id") { id: ID! weight: Int }
        type Nut implements Part @key(fields: "id") { id: ID! }
        type Box { id: ID! }
        union Thing = Bolt | Box
      `,
      scales: `type Bolt @key(fields: "id") { id: ID! size: Int }`,
      freight: `
        type Query { cargo: [Part] }
        type Part @interfaceObject @key(fields: "id") { id: ID! inside: [Part] }
      `,
    },
    cases: {
      'a union at the root': '{ cargo { ... on Thing { ... on Bolt { size weight } } } }',
      'an interface below': '{ cargo { inside { ... on Heavy { weight ... on Bolt { size } } } } }',
      'in a named fragment, beside another':
        '{ cargo { ...Any ... on Heavy { id } } } fragment Any on Thing { __typename ... on Bolt { size } }',
    },
    runs: 0,
  });
});

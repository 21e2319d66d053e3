import { describe } from 'vitest';
import { testConformance } from '../support/federation-conformance.ts';

describe('an interface object requires a field that one of the types has from elsewhere', () => {
  testConformance({
    subgraphs: {
      parts: `
        type Query { parts: [Part] best: Bolt @provides(fields: "weight") }
        interface Part @key(fields: "id") { id: ID! weight: Int }
        type Bolt implements Part @key(fields: "id") { id: ID! weight: Int @external }
        type Nut implements Part @key(fields: "id") { id: ID! weight: Int }
      `,
      scales: `type Bolt @key(fields: "id") { id: ID! weight: Int @shareable }`,
      freight: `
        type Query { cargo: [Part] }
        type Part @interfaceObject @key(fields: "id") {
          id: ID!
          weight: Int @external
          price: String @requires(fields: "weight")
        }
      `,
    },
    cases: {
      'that type is not asked for it where it is external': '{ cargo { price } }',
      'the same beside what clients select of it':
        '{ cargo { id weight price ... on Bolt { id weight } } parts { price weight } }',
      'where the field is provided, of an object of that type': '{ best { weight price } }',
    },
    runs: 15,
  });
});

describe('an interface object requires fields of objects of one type', () => {
  testConformance({
    subgraphs: {
      parts: `
        type Query { nut: Nut bolts: [Bolt] @shareable @provides(fields: "name") }
        interface Part { id: ID! name: String weight: Int }
        type Bolt implements Part @key(fields: "id") { id: ID! name: String @external weight: Int @external }
        type Nut implements Part @key(fields: "id") { id: ID! name: String @shareable weight: Int @shareable }
      `,
      scales: `
        type Query { bolts: [Bolt] @shareable }
        interface Part @key(fields: "id") { id: ID! name: String weight: Int }
        type Bolt implements Part @key(fields: "id") { id: ID! name: String @shareable weight: Int @shareable }
        type Nut implements Part @key(fields: "id") { id: ID! name: String @shareable weight: Int @shareable }
      `,
      freight: `
        type Part @interfaceObject @key(fields: "id") {
          id: ID!
          inside: [Part]!
          weight: Int @external
          name: String @external
          label: String @requires(fields: "name weight")
        }
      `,
    },
    cases: {
      'no fragment on another type stands in what is asked of them':
        '{ nut { weight } bolts { inside { weight __typename } weight label } }',
    },
    runs: 15,
  });
});

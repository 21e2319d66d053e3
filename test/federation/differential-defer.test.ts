import fc from 'fast-check';
import {
  type DocumentNode,
  type GraphQLSchema,
  Kind,
  parse,
  print,
  type SelectionNode,
  validate,
  visit,
} from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Answer, type Federation, startFederation } from '../support/federation-gateway.ts';
import { buildMonolith } from '../support/federation-monolith.ts';
import { generousLimits, operations } from '../support/federation-operations.ts';
import { monolithResolvers, plant, plantArguments } from '../support/federation-plant.ts';

let federation: Federation;
let monolith: GraphQLSchema;
beforeAll(async () => {
  federation = await startFederation(plant(), { config: { limits: generousLimits } });
  monolith = buildMonolith(federation.sdl, monolithResolvers);
});
afterAll(() => federation.close());

const defer = parse('{ ...F @defer }').definitions.flatMap((node) =>
  node.kind === Kind.OPERATION_DEFINITION
    ? node.selectionSet.selections.flatMap(({ directives }) => directives ?? [])
    : [],
);

/** The same operation with some fragments deferred, and some fields put into deferred fragments of their own. */
function deferSome(document: DocumentNode, choices: readonly boolean[]): DocumentNode {
  let asked = 0;
  const chosen = () => choices[asked++ % choices.length] === true;
  const wrapped = (node: SelectionNode): SelectionNode => {
    if (node.kind !== Kind.FIELD || !chosen()) return node;
    const selectionSet = { kind: Kind.SELECTION_SET, selections: [node] } as const;
    return { kind: Kind.INLINE_FRAGMENT, directives: defer, selectionSet };
  };
  const deferred = <T extends SelectionNode>(node: T): T =>
    chosen() ? { ...node, directives: [...(node.directives ?? []), ...defer] } : node;
  return visit(document, {
    SelectionSet: { leave: (node) => ({ ...node, selections: node.selections.map(wrapped) }) },
    InlineFragment: (node) =>
      node.directives?.some(({ name }) => name.value === 'defer') ? undefined : deferred(node),
    FragmentSpread: (node) => deferred(node),
  });
}

interface Part extends Answer {
  readonly incremental?: readonly {
    readonly data: object | null;
    readonly path: readonly (string | number)[];
    readonly errors?: Answer['errors'];
  }[];
  readonly hasNext?: boolean;
}

async function askInParts(query: string, variables: object): Promise<readonly Part[]> {
  const response = await fetch(federation.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'multipart/mixed;deferSpec=20220824' },
    body: JSON.stringify({ query, variables }),
  });
  const text = await response.text();
  expect(text.endsWith('\r\n--graphql--\r\n'), text).toBe(true);
  const parts = [...text.matchAll(/\r\n\r\n(.*)\r\n--graphql/g)].map(([, json = '']) => JSON.parse(json) as Part);
  expect(parts.map(({ hasNext }) => hasNext)).toEqual(parts.map((_, index) => index < parts.length - 1));
  return parts;
}

/**
 * Each fragment ends a null for itself, so that a later one may have null where an earlier one has already given more:
 * what is there stays.
 */
function merge(target: Record<string, unknown>, source: object): void {
  for (const [key, value] of Object.entries(source)) {
    const known = target[key];
    if (typeof known === 'object' && known !== null && typeof value === 'object' && value !== null) {
      merge(known as Record<string, unknown>, value);
    } else if (value !== null || known === undefined) target[key] = value;
  }
}

test('any operation, with any fragments deferred, comes to the same in parts as at once', {
  timeout: 120_000,
}, async () => {
  let inParts = 0;
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(
      operations(monolith, plantArguments),
      fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }),
      async ({ query, variables }, choices) => {
        const document = parse(query);
        fc.pre(validate(monolith, document).length === 0);
        const whole = await federation.query(query, variables);
        const [first, ...rest] = await askInParts(print(deferSome(document, choices)), variables);
        const data = first?.data;
        const errors = [...(first?.errors ?? [])];
        for (const part of rest.flatMap(({ incremental }) => incremental ?? [])) {
          const target = part.path.reduce((object, key) => object[key], data);
          expect(target, 'a part of something that the client knows').toBeTypeOf('object');
          for (const { path = [] } of part.errors ?? []) expect(path.slice(0, part.path.length)).toEqual(part.path);
          errors.push(...(part.errors ?? []));
          if (part.data) merge(target, part.data);
        }
        // A null goes no further than its fragment, so only what has no errors is equal.
        expect(errors.length > 0).toBe((whole.errors ?? []).length > 0);
        if (errors.length === 0) expect(data).toEqual(whole.data);
        inParts += rest.length > 0 ? 1 : 0;
        compared += errors.length === 0 ? 1 : 0;
      },
    ),
    { numRuns: 120, maxSkipsPerRun: 50, endOnFailure: true },
  );
  expect(inParts).toBeGreaterThan(30);
  expect(compared).toBeGreaterThan(30);
});

import { type DocumentNode, Kind, parse, type SelectionNode, visit } from 'graphql';
import { expect } from 'vitest';
import type { Answer, Federation } from './federation-gateway.ts';

const defer = parse('{ ...F @defer }').definitions.flatMap((node) =>
  node.kind === Kind.OPERATION_DEFINITION
    ? node.selectionSet.selections.flatMap(({ directives }) => directives ?? [])
    : [],
);

/** The same operation with some fragments deferred, and some fields put into deferred fragments of their own. */
export function deferSome(document: DocumentNode, choices: readonly boolean[]): DocumentNode {
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

/** An answer in parts as its client has put it together. */
export interface AssembledAnswer {
  readonly data: unknown;
  readonly errors: NonNullable<Answer['errors']>;
  /** How many parts came after the first one. */
  readonly laterParts: number;
}

/** Asks in parts; each is checked to be one of something that the client knows already. */
export async function askInParts(federation: Federation, query: string, variables: object): Promise<AssembledAnswer> {
  const [first, ...rest] = await readParts(federation, query, variables);
  const data = first?.data;
  const errors = [...(first?.errors ?? [])];
  for (const part of rest.flatMap(({ incremental }) => incremental ?? [])) {
    const target = part.path.reduce((object, key) => object[key], data);
    expect(target, 'a part of something that the client knows').toBeTypeOf('object');
    for (const { path = [] } of part.errors ?? []) expect(path.slice(0, part.path.length)).toEqual(part.path);
    errors.push(...(part.errors ?? []));
    if (part.data) merge(target, part.data);
  }
  return { data, errors, laterParts: rest.length };
}

async function readParts(federation: Federation, query: string, variables: object): Promise<readonly Part[]> {
  const response = await fetch(federation.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'multipart/mixed;deferSpec=20220824' },
    body: JSON.stringify({ query, variables }),
  });
  const text = await response.text();
  // An operation that is refused as a whole is answered so.
  if (response.status !== 200) return [JSON.parse(text) as Part];
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

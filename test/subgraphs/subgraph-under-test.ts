import { createSourceEventStream, execute, parse, validate } from 'graphql';
import type { Principal } from '../../auth/principal.ts';
import type { GraphReader } from '../../subgraphs/graph-reader.ts';
import type { Subgraph } from '../../subgraphs/subgraph.ts';
import { somebody } from '../support/somebody.ts';

/** Somebody who may do everything in both demo plants, unless a test says otherwise. */
export function person(over: Partial<Principal> = {}): Principal {
  return somebody({ id: 'paula', name: 'Paula Planner', roles: ['PLANNER'], plants: ['*'], ...over });
}

export const everythingAllowed = { mayTransition: () => ({ allowed: true }), mayRead: () => ({ allowed: true }) };

/** The rest of the graph as a test wants it: by the first word of the document's operation name. */
export class GraphStub implements GraphReader {
  readonly asked: { readonly name: string; readonly variables: unknown; readonly principal: Principal }[] = [];
  answers: Record<string, Readonly<Record<string, unknown>> | Error>;

  constructor(answers: GraphStub['answers'] = {}) {
    this.answers = answers;
  }

  async query(document: string, variables: Readonly<Record<string, unknown>>, principal: Principal) {
    const name = /^query (\w+)/.exec(document)?.[1] ?? document;
    this.asked.push({ name, variables, principal });
    const data = this.answers[name];
    if (data instanceof Error) throw data;
    return data ? { data, errors: [] } : { data: null, errors: [{ message: `${name} is not answered.` }] };
  }
}

let requests = 0;

function callOf(principal: Principal, signal = new AbortController().signal) {
  requests += 1;
  return { principal, requestId: `request-${requests}`, signal };
}

// biome-ignore lint/suspicious/noExplicitAny: tests read answers by name, as a client does
export type Answer = any;

/** One operation on a subgraph alone, as its server runs it. */
export async function ask(
  subgraph: Subgraph,
  query: string,
  { principal = person(), variables = {} }: { principal?: Principal; variables?: Record<string, unknown> } = {},
): Promise<{ readonly data: Answer; readonly errors: readonly Answer[] }> {
  const document = parse(query);
  const errors = validate(subgraph.schema, document);
  if (errors.length > 0) throw errors[0];
  const contextValue = subgraph.createContext(callOf(principal));
  const result = await execute({ schema: subgraph.schema, document, contextValue, variableValues: variables });
  return { data: result.data, errors: result.errors ?? [] };
}

/** One subscription on a subgraph alone, as its server runs it: each event in a context of its own. `end` it. */
export async function follow(
  subgraph: Subgraph,
  query: string,
  { principal = person(), variables = {} }: { principal?: Principal; variables?: Record<string, unknown> } = {},
) {
  const stop = new AbortController();
  const call = callOf(principal, stop.signal);
  const operation = { schema: subgraph.schema, document: parse(query), variableValues: variables };
  const stream = await createSourceEventStream({ ...operation, contextValue: subgraph.createContext(call) });
  if (!(Symbol.asyncIterator in stream)) throw new Error(JSON.stringify(stream.errors));
  const events = stream[Symbol.asyncIterator]();
  return {
    async next(): Promise<Answer> {
      const { value: rootValue } = await events.next();
      const { data, errors } = await execute({ ...operation, rootValue, contextValue: subgraph.createContext(call) });
      if (errors) throw new Error(JSON.stringify(errors));
      return data;
    },
    async end() {
      stop.abort();
      await events.return?.(undefined);
    },
  };
}

let keys = 0;

export interface TransitionOptions {
  readonly principal?: Principal;
  readonly meta?: Readonly<Record<string, unknown>>;
  /** What to select of the entity, for example `productionOrder { version }`. */
  readonly select?: string;
}

/** Asks a subgraph for one transition, as a client does. */
export async function perform(
  subgraph: Subgraph,
  name: string,
  input: Readonly<Record<string, unknown>>,
  { principal = person(), meta = {}, select = '' }: TransitionOptions = {},
): Promise<Answer> {
  keys += 1;
  const inputType = `${name[0]?.toUpperCase()}${name.slice(1)}Input`;
  const { data, errors } = await ask(
    subgraph,
    `mutation Do($input: ${inputType}!, $meta: TransitionMeta!) { ${name}(input: $input, meta: $meta) {
      outcome originalOutcome transitionId document rejections { code system guard message remediation blockingRef } ${select} } }`,
    {
      principal,
      variables: { input, meta: { idempotencyKey: `key-${keys}`, reason: { text: 'Because.' }, ...meta } },
    },
  );
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return data[name];
}

export const codesOf = (answer: Answer): readonly string[] =>
  answer.rejections.map(({ code }: { code: string }) => code);

import { type GraphQLSchema, getNamedType, isInputObjectType, isObjectType } from 'graphql';
import type { Logger } from '../../runtime/logger.ts';
import type { GatewayConfig } from '../config.ts';
import type { Supergraph } from '../supergraph/load-supergraph.ts';

/** A name that is to be found in the supergraph, or does nothing. */
interface NamePlace {
  /** The option, or the directive and its field. */
  readonly option: string;
  readonly name: string;
  readonly known: Iterable<string>;
}

/** Of the names that are known, so many are shown. */
const maxShown = 10;

/**
 * Tells of names in options, and in `@resumable`, that the supergraph does not have: with a typing error they do nothing,
 * and would do so in silence. It is a warning and no refusal, because options and supergraphs are deployed one after the
 * other, and because what goes on after a reload that lost a subgraph must also start again.
 *
 * @returns what looks at a supergraph that is taken into use; it tells once, until the name has been known again
 */
export function createNameCheck(config: GatewayConfig, log: Logger): (supergraph: Supergraph) => void {
  let told: ReadonlySet<string> = new Set();
  return (supergraph) => {
    const unknown = [...namesOf(config, supergraph)].filter(({ name, known }) => ![...known].includes(name));
    for (const place of unknown) if (!told.has(keyOf(place))) warn(log, place);
    told = new Set(unknown.map(keyOf));
  };
}

const keyOf = ({ option, name }: NamePlace) => `${option} ${name}`;

function warn(log: Logger, { option, name, known }: NamePlace): void {
  const alike = [...new Set(known)].map((other) => ({ other, distance: distanceOf(name, other) }));
  const nearest = alike.sort((a, b) => a.distance - b.distance).slice(0, maxShown);
  log.warn('an option names what the supergraph does not have', {
    option,
    name,
    known: nearest.map(({ other }) => other),
  });
}

function* namesOf(config: GatewayConfig, supergraph: Supergraph): Generator<NamePlace> {
  const { subgraphs, subscriptions, override } = config;
  const { timeoutMsBySubgraph, subscriptionProtocolBySubgraph, subscriptionUrlBySubgraph, idempotencyKey } = subgraphs;
  const { latestFields, mustDeliverFields } = subscriptions;
  const bySubgraph = { timeoutMsBySubgraph, subscriptionProtocolBySubgraph, subscriptionUrlBySubgraph };
  for (const [option, names] of Object.entries(bySubgraph)) {
    yield* placesOf(`subgraphs.${option}`, Object.keys(names), supergraph.subgraphs.keys());
  }
  const { schema, subscriptionRules, overrideLabels } = supergraph;
  if (idempotencyKey !== undefined) {
    yield* placesOf('subgraphs.idempotencyKey', [idempotencyKey], inputNamesOf(schema));
  }
  yield* placesOf('subscriptions.latestFields', latestFields, subscriptionRules.keys());
  yield* placesOf('subscriptions.mustDeliverFields', mustDeliverFields, subscriptionRules.keys());
  yield* placesOf('override.labels', override.labels, overrideLabels);
  yield* resumableNamesOf(supergraph);
}

function* placesOf(option: string, names: readonly string[], known: Iterable<string>): Generator<NamePlace> {
  const all = [...known];
  for (const name of names) yield { option, name, known: all };
}

/** What a mutation may be given: its arguments, and fields of input objects. */
function inputNamesOf(schema: GraphQLSchema): readonly string[] {
  const mutations = Object.values(schema.getMutationType()?.getFields() ?? {});
  const inputs = Object.values(schema.getTypeMap()).filter(isInputObjectType);
  return [
    ...mutations.flatMap(({ args }) => args.map(({ name }) => name)),
    ...inputs.flatMap((type) => Object.keys(type.getFields())),
  ];
}

function* resumableNamesOf({ schema, subscriptionRules }: Supergraph): Generator<NamePlace> {
  for (const field of Object.values(schema.getSubscriptionType()?.getFields() ?? {})) {
    const rule = subscriptionRules.get(field.name);
    const payload = getNamedType(field.type);
    const of = (argument: string) => `@resumable(${argument}:) of Subscription.${field.name}`;
    const { after, snapshot, cursor } = rule ?? {};
    const args = field.args.map(({ name }) => name);
    if (after !== undefined) yield { option: of('after'), name: after, known: args };
    if (snapshot !== undefined) yield { option: of('snapshot'), name: snapshot, known: args };
    if (cursor !== undefined && isObjectType(payload)) {
      yield { option: of('cursor'), name: cursor, known: Object.keys(payload.getFields()) };
    }
  }
}

/** How many letters have to be written, left out or exchanged to make one of the other (Levenshtein). */
function distanceOf(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (let at = 1; at <= to.length; at += 1) {
      const exchanged = (row[at - 1] ?? 0) + (to[at - 1] === letter ? 0 : 1);
      next.push(Math.min(exchanged, (row[at] ?? 0) + 1, (next[at - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}

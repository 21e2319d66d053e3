import {
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isInputObjectType,
  isObjectType,
  isScalarType,
} from 'graphql';
import type { Logger } from '../../runtime/logger.ts';
import { nearestNames } from '../../runtime/nearest-names.ts';
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
  const nearest = nearestNames(name, known).slice(0, maxShown);
  log.warn('an option names what the supergraph does not have', { option, name, known: nearest });
}

function* namesOf(config: GatewayConfig, supergraph: Supergraph): Generator<NamePlace> {
  const { subgraphs, subscriptions, override } = config;
  const { timeoutMsBySubgraph, subscriptionProtocolBySubgraph, subscriptionUrlBySubgraph } = subgraphs;
  const { forwardHeadersBySubgraph, idempotencyKey, urlBySubgraph } = subgraphs;
  const { latestFields, mustDeliverFields } = subscriptions;
  const bySubgraph = {
    urlBySubgraph,
    timeoutMsBySubgraph,
    subscriptionProtocolBySubgraph,
    subscriptionUrlBySubgraph,
    forwardHeadersBySubgraph,
  };
  for (const [option, names] of Object.entries(bySubgraph)) {
    yield* placesOf(`subgraphs.${option}`, Object.keys(names), supergraph.subgraphs.keys());
  }
  const { schema, subscriptionRules, overrideLabels } = supergraph;
  if (idempotencyKey !== undefined) {
    yield* placesOf('subgraphs.idempotencyKey', [idempotencyKey], keyNamesOf(schema));
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

/** Where a mutation may be given a text: its arguments, and fields of the input objects that it takes. */
function keyNamesOf(schema: GraphQLSchema): readonly string[] {
  const known = new Set<GraphQLInputObjectType>();
  const namesOf = ({ name, type }: { readonly name: string; readonly type: GraphQLInputType }): readonly string[] => {
    const named = getNamedType(type);
    if (isInputObjectType(named)) {
      if (known.has(named)) return [];
      known.add(named);
      return Object.values(named.getFields()).flatMap(namesOf);
    }
    return mayBeText(getNullableType(type)) ? [name] : [];
  };
  const mutations = Object.values(schema.getMutationType()?.getFields() ?? {});
  return mutations.flatMap(({ args }) => args.flatMap(namesOf));
}

const neverText: ReadonlySet<string> = new Set(['Int', 'Float', 'Boolean']);
const mayBeText = (type: GraphQLInputType) => isScalarType(type) && !neverText.has(type.name);

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

import type { ConstDirectiveNode, DocumentNode } from 'graphql';
import { isRecord } from '../../runtime/is-record.ts';
import { annotatedPlaces } from './annotated-places.ts';
import { argumentsOf, linkedDirective } from './linked-features.ts';

/**
 * What the schema says about the cost of answering, by `@cost` and `@listSize`: https://ibm.github.io/graphql-specs/cost-spec.html,
 * as Federation 2.9 composes them.
 */
export interface CostRules {
  /** Of `Type`, `Type.field`, `Type.field(argument:)` and `Input.field`; never negative. */
  readonly weights: ReadonlyMap<string, number>;
  /** Of `Type.field`. */
  readonly lists: ReadonlyMap<string, readonly ListSizeRule[]>;
}

/** How long the list of one field is. */
export interface ListSizeRule {
  /** Where no slicing argument says how long. */
  readonly assumedSize: number | undefined;
  /** Arguments, or paths into them (`page.first` is `['page', 'first']`), with the length. */
  readonly slicingArguments: readonly (readonly string[])[];
  /** Fields of the returned object that are the list; empty where the field itself is it. */
  readonly sizedFields: readonly string[];
  /** Whether exactly one of the slicing arguments has to be given. */
  readonly requiresOne: boolean;
}

export function readCostRules(supergraph: DocumentNode): CostRules {
  const names = {
    cost: linkedDirective(supergraph, 'cost', 'cost'),
    listSize: linkedDirective(supergraph, 'cost', 'listSize'),
  };
  const weights = new Map<string, number>();
  const lists = new Map<string, readonly ListSizeRule[]>();
  for (const { coordinate, directives } of annotatedPlaces(supergraph)) {
    for (const directive of directives) {
      const applied = applicationOf(directive);
      if (applied.name === names.cost) {
        const weight = Number(applied.arguments['weight']);
        if (weight >= 0) weights.set(coordinate, weight);
      } else if (applied.name === names.listSize) {
        lists.set(coordinate, [...(lists.get(coordinate) ?? []), listSizeRule(applied.arguments)]);
      }
    }
  }
  return { weights, lists };
}

interface Application {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** `@join__directive(name: "cost", args: {weight: 3})` is one of a subgraph whose specification was not merged. */
function applicationOf(directive: ConstDirectiveNode): Application {
  const { value } = directive.name;
  if (value !== 'join__directive') return { name: value, arguments: argumentsOf(directive) };
  const { name, args } = argumentsOf(directive);
  return { name: String(name), arguments: isRecord(args) ? args : {} };
}

function listSizeRule(given: Readonly<Record<string, unknown>>): ListSizeRule {
  const assumed = given['assumedSize'];
  return {
    assumedSize: typeof assumed === 'number' ? Math.max(0, assumed) : undefined,
    slicingArguments: textsOf(given['slicingArguments']).map((path) => path.split('.')),
    sizedFields: textsOf(given['sizedFields']),
    requiresOne: given['requireOneSlicingArgument'] !== false,
  };
}

const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];

import {
  type FieldNode,
  Kind,
  print,
  type SelectionNode,
  stripIgnoredCharacters,
  type VariableDefinitionNode,
} from 'graphql';
import type { SubgraphTypes } from '../../../supergraph/subgraph-types.ts';
import { typename } from '../../ask-typenames.ts';
import { entityRequest } from '../../entity-request.ts';
import type { PathStep, PlanNode, Requirement, Rewrite } from '../../plan.ts';
import { onType, setOf, usedDefinitions } from '../../selections.ts';
import type { Work } from './work.ts';

/** What is asked of objects at one place of a request: by type as its subgraph names it, then by response key. */
export type AskedTypes = Map<string, Map<string, AskedField>>;

export interface AskedField {
  /** Without alias and selections. */
  readonly node: FieldNode;
  /** Field and arguments, as text. */
  readonly source: string;
  /** The types of objects that it is asked for: a subgraph may know several under one name. */
  readonly types: ReadonlySet<string>;
  /** None where the field has no selections. */
  readonly below: AskedTypes | undefined;
  /** Whether the subgraph tells the types of the objects below. One that knows an interface as an object does not. */
  readonly tells: boolean;
  /** As the subgraph says. */
  readonly fieldType: string | undefined;
}

/** What it takes to write requests. */
interface Writing {
  readonly service: string;
  readonly subgraphTypes: SubgraphTypes;
  /** For the fields that are written. */
  readonly work: Work;
}

interface StepWriting extends Pick<Writing, 'subgraphTypes' | 'work'> {
  /** Of the operation; below its root a step is a query. */
  readonly kind: 'query' | 'mutation' | 'subscription';
  readonly variables: readonly VariableDefinitionNode[];
}

/** A request that is being put together. */
export class PlannedStep {
  readonly service: string;
  readonly path: readonly PathStep[];
  /** What represents the entities; none of a step that asks for fields of a root type. */
  readonly requires: readonly Requirement[] | undefined;
  readonly asked: AskedTypes = new Map();
  /** Whether the entities are asked for their type. */
  readonly tells: boolean;
  /** How many steps must come before it, one after the other. */
  readonly round: number;
  /** By path in the request: how the fields there are wrapped, in which all types must agree. */
  readonly shapes = new Map<string, string>();
  /** Innermost first. */
  readonly renames: Rewrite[] = [];

  constructor(
    init: Pick<PlannedStep, 'service' | 'path' | 'requires' | 'tells'>,
    before: Iterable<Pick<PlannedStep, 'round'>>,
  ) {
    this.service = init.service;
    this.path = init.path;
    this.requires = init.requires;
    this.tells = init.tells;
    this.round = Math.max(-1, ...Array.from(before, ({ round }) => round)) + 1;
  }

  /** @throws TooLarge */
  toNode({ kind, variables, subgraphTypes, work }: StepWriting): PlanNode {
    const { service, path, requires, renames: outputRewrites } = this;
    const writing = { service, subgraphTypes, work };
    const top = [...this.asked].map(([type, fields]) => onType(type, selectionsOf(fields, writing)));
    // What directives on them say was for this gateway.
    const plain = variables.map((node) => ({ ...node, directives: [] }));
    if (requires) {
      const selectionSet = setOf(this.tells ? [typename, ...top] : top);
      const places = { paths: [path], requires, inputRewrites: [], outputRewrites };
      return entityRequest({ service, selectionSet, variables: plain, ...places });
    }
    const operationKind = path.length === 0 ? kind : 'query';
    const selectionSet = setOf([...this.asked.values()].flatMap((fields) => selectionsOf(fields, writing)));
    const definitions = usedDefinitions(selectionSet, plain);
    const head = definitions.length > 0 ? `(${definitions.map((node) => print(node))})` : '';
    const operation = stripIgnoredCharacters(`${operationKind}${head}${print(selectionSet)}`);
    const names = definitions.map(({ variable }) => variable.name.value);
    const request = { operationKind, operation, operationName: undefined, variables: names };
    const fetch = { kind: 'fetch', service, path, request, outputRewrites } as const;
    return operationKind === 'subscription' ? { kind: 'subscribe', primary: fetch } : fetch;
  }
}

function selectionsOf(fields: Iterable<readonly [string, AskedField]>, writing: Writing): readonly FieldNode[] {
  return Array.from(fields, ([key, asked]) => {
    writing.work.spend(1);
    const { node, below } = asked;
    return {
      ...node,
      ...(key !== node.name.value && { alias: { kind: Kind.NAME, value: key } as const }),
      ...(below && { selectionSet: setOf(selectionsBelow(below, asked, writing)) }),
    };
  });
}

function selectionsBelow(below: AskedTypes, asked: AskedField, writing: Writing): readonly SelectionNode[] {
  const common = fieldsOfAll(below, asked, writing);
  const selections = [...below].flatMap(([type, fields]) => {
    const own = [...fields].filter(([key]) => !common.has(key));
    return own.length > 0 ? [onType(type, selectionsOf(own, writing))] : [];
  });
  const all = [...selectionsOf(common, writing), ...selections];
  return asked.tells || all.length === 0 ? [typename, ...all] : all;
}

/**
 * Fields that are asked for alike on every type behind an interface which has them itself: written for each type, a request
 * would double, or more, with each level.
 */
function fieldsOfAll(
  below: AskedTypes,
  { fieldType = '' }: AskedField,
  { service, subgraphTypes }: Writing,
): ReadonlyMap<string, AskedField> {
  const [first, ...others] = below.values();
  const possible = new Set(
    Array.from(subgraphTypes.possibleIn(service, fieldType), (type) => subgraphTypes.nameIn(service, type)),
  );
  if (!first || others.length === 0 || below.size < possible.size) return new Map();
  const isOfAll = ([key, { node, source, below: inner }]: readonly [string, AskedField]): boolean =>
    source === node.name.value &&
    subgraphTypes.answersOf(fieldType, source).some((one) => one.service === service && one.label === undefined) &&
    others.every((fields) => {
      const other = fields.get(key);
      return other?.source === source && other.below === inner;
    });
  return new Map([...first].filter(isOfAll));
}

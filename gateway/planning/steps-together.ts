import { type FieldNode, Kind, print, stripIgnoredCharacters, type VariableDefinitionNode } from 'graphql';
import { representationsName } from './entity-request.ts';
import { parseRequest } from './parse-request.ts';
import type { EntityFetchNode, EntityGroup, PlanNode } from './plan.ts';
import { setOf } from './selections.ts';

/**
 * The plan with steps that ask one subgraph for entities at the same time put together into one request. The native
 * planner does that by itself; others make a request for each place.
 */
export function stepsTogether(plan: PlanNode): PlanNode {
  switch (plan.kind) {
    case 'sequence':
      return { ...plan, nodes: plan.nodes.map(stepsTogether) };
    case 'condition':
      return {
        ...plan,
        whenTrue: plan.whenTrue && stepsTogether(plan.whenTrue),
        whenFalse: plan.whenFalse && stepsTogether(plan.whenFalse),
      };
    case 'parallel': {
      const nodes = inParallel(plan.nodes.map(stepsTogether));
      return nodes.length === 1 && nodes[0] ? nodes[0] : { ...plan, nodes };
    }
    default:
      return plan;
  }
}

function inParallel(nodes: readonly PlanNode[]): readonly PlanNode[] {
  const services = nodes.flatMap((node) => (node.kind === 'entities' ? [node.service] : []));
  if (new Set(services).size === services.length) return nodes;
  const bundles: (PlanNode | Bundle)[] = [];
  const byService = new Map<string, Bundle[]>();
  for (const node of nodes) {
    const step = readStep(node);
    if (!step) {
      bundles.push(node);
      continue;
    }
    const known = byService.get(step.node.service) ?? [];
    byService.set(step.node.service, known);
    if (known.some((bundle) => bundle.add(step))) continue;
    const bundle = new Bundle(step);
    known.push(bundle);
    bundles.push(bundle);
  }
  return bundles.map((one) => (one instanceof Bundle ? one.toNode() : one));
}

/** A step that may be put together with others. */
interface EntityStep {
  readonly node: EntityFetchNode;
  /** What is asked for: `_entities` once for each group. */
  readonly fields: readonly FieldNode[];
  /** Of the client's variables. */
  readonly definitions: readonly VariableDefinitionNode[];
}

/** Values of a context are read for one group, and named fragments of two requests may have one name. */
function readStep(node: PlanNode): EntityStep | undefined {
  if (node.kind !== 'entities' || node.context) return undefined;
  const [operation, ...fragments] = parseRequest(node.request.operation).definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION || fragments.length > 0) return undefined;
  const { selections } = operation.selectionSet;
  const fields = selections.filter((one) => one.kind === Kind.FIELD);
  if (fields.length !== selections.length || fields.length !== node.groups.length) return undefined;
  const own = new Set(node.groups.map(({ variable }) => variable));
  const definitions = (operation.variableDefinitions ?? []).filter(({ variable }) => !own.has(variable.name.value));
  return { node, fields, definitions };
}

/** Steps that become one request. */
class Bundle {
  readonly #steps: [EntityStep, ...EntityStep[]];
  readonly #definitions = new Map<string, VariableDefinitionNode>();

  constructor(first: EntityStep) {
    this.#steps = [first];
    this.#declare(first);
  }

  /** @returns false where the step has to stay apart */
  add(step: EntityStep): boolean {
    const [{ node }] = this.#steps;
    if (node.isRefetch !== step.node.isRefetch) return false;
    const isOther = (one: VariableDefinitionNode) => {
      const known = this.#definitions.get(one.variable.name.value);
      return known !== undefined && print(known) !== print(one);
    };
    if (step.definitions.some(isOther)) return false;
    this.#declare(step);
    this.#steps.push(step);
    return true;
  }

  #declare({ definitions }: EntityStep): void {
    for (const one of definitions) this.#definitions.set(one.variable.name.value, one);
  }

  toNode(): EntityFetchNode {
    const [{ node: first }, ...others] = this.#steps;
    if (others.length === 0) return first;
    const definitions = [...this.#definitions.values()];
    const prefix = representationsName(definitions);
    const groups: EntityGroup[] = [];
    const fields: string[] = [];
    for (const { node, fields: asked } of this.#steps) {
      // Groups of one step may share a variable.
      const from = groups.length;
      const variables = new Map(node.groups.map(({ variable }, index) => [variable, `${prefix}${from + index}`]));
      for (const field of asked) {
        const alias = (field.alias ?? field.name).value;
        const group = node.groups.find((one) => one.alias === alias);
        if (!group) throw new Error('Each group of a step is asked for.');
        const variable = variables.get(group.variable) ?? '';
        const own = { ...group, alias: `_e${groups.length}`, variable };
        groups.push(own);
        fields.push(`${own.alias}:_entities(representations:$${variable})${print(field.selectionSet ?? setOf([]))}`);
      }
    }
    const lists = [...new Set(groups.map(({ variable }) => variable))].map((name) => `$${name}:[_Any!]!`);
    const head = [...lists, ...definitions.map((one) => print(one))];
    const request = {
      ...first.request,
      operation: stripIgnoredCharacters(`query(${head}){${fields.join(' ')}}`),
      operationName: undefined,
      variables: [...this.#definitions.keys()],
    };
    return { ...first, request, groups };
  }
}

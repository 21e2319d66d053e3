import { type DocumentNode, isInterfaceType, Kind, TypeInfo, visit, visitWithTypeInfo } from 'graphql';
import type { PlanNode } from '../../plan.ts';
import { fragmentsOf } from '../../plannable.ts';
import { KeyPlanner } from './key-planner.ts';
import type { KeyPlannerScope } from './place.ts';
import type { PlannedStep } from './planned-step.ts';
import { TooLarge, Work } from './work.ts';

/** Fields that requests may have in all: behind unions they are written once for each type, level by level. */
const maxWritten = 10_000;

/**
 * A plan that follows keys, field by field: what the subgraph of an object answers is asked of it, and everything else,
 * object type by object type, of the nearest subgraph that does. It does not look for the best plan. It knows interface
 * objects, asks for what a field requires whoever has it, and takes a time that is bounded.
 *
 * @param document disentangled, so that nothing that the client selects has the name of a key
 * @returns undefined where it finds no way, or the operation is too large
 */
export function planByKeys(scope: KeyPlannerScope, document: DocumentNode): PlanNode | undefined {
  const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  const root = operation && scope.schema.getRootType(operation.operation)?.name;
  if (!operation || root === undefined || asksDivided(scope, document)) return undefined;
  const planner = new KeyPlanner(scope, fragmentsOf(document), root);
  const steps = planner.plan(operation.selectionSet);
  if (!steps || (operation.operation !== 'query' && steps.filter(isRootStep).length !== 1)) return undefined;
  const rounds = written(steps, {
    kind: operation.operation,
    variables: operation.variableDefinitions ?? [],
    subgraphTypes: scope.subgraphTypes,
    work: new Work(maxWritten),
  });
  if (!rounds) return undefined;
  const nodes = rounds
    .filter((round) => round.length > 0)
    .map((round): PlanNode => (round.length === 1 && round[0] ? round[0] : { kind: 'parallel', nodes: round }));
  return nodes.length === 1 ? nodes[0] : { kind: 'sequence', nodes };
}

/** @returns undefined where the requests would be too large */
function written(
  steps: readonly PlannedStep[],
  writing: Parameters<PlannedStep['toNode']>[0],
): readonly (readonly PlanNode[])[] | undefined {
  const rounds: PlanNode[][] = [];
  try {
    for (const step of steps) {
      const round = rounds[step.round] ?? [];
      rounds[step.round] = round;
      round.push(step.toNode(writing));
    }
  } catch (cause) {
    if (cause instanceof TooLarge) return undefined;
    throw cause;
  }
  return rounds;
}

/**
 * Whether a field of an interface is selected for all of its types, and each of the subgraphs that have it there only refers
 * to it (@external) for some of them. The public audit wants that refused; other planners say so.
 */
function asksDivided({ schema, subgraphTypes }: KeyPlannerScope, document: DocumentNode): boolean {
  const isDivided = (type: string, name: string): boolean => {
    const services = subgraphTypes.answersOf(type, name).map(({ service }) => service);
    return services.length > 1 && services.every((service) => refersOnly(service, type, name));
  };
  const refersOnly = (service: string, type: string, name: string): boolean =>
    [...subgraphTypes.possibleIn(service, type)].some((one) => subgraphTypes.isReferredTo(service, one, name));
  let isFound = false;
  const info = new TypeInfo(schema);
  visit(
    document,
    visitWithTypeInfo(info, {
      Field: ({ name }) => {
        const parent = info.getParentType();
        isFound ||= isInterfaceType(parent) && isDivided(parent.name, name.value);
      },
    }),
  );
  return isFound;
}

const isRootStep = ({ requires, path }: PlannedStep) => !requires && path.length === 0;

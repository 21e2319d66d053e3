import type {
  EntityBatchAlias,
  FetchNode as HiveFetch,
  PlanNode as HiveNode,
  RequiresSelection as HiveRequirement,
  FetchRewrite as HiveRewrite,
  FlattenNodePathSegment as HiveStep,
} from '@graphql-hive/router-query-planner';
import { losesValues } from '../checks/lost-values.ts';
import { overwritesValues } from '../checks/overwritten-values.ts';
import { withoutProvidedTypenames } from '../checks/provided-typenames.ts';
import type { EntityGroup, FetchNode, PathStep, PlanNode, PlannedRequest, Requirement, Rewrite } from '../plan.ts';
import { PlanningError } from '../planning-error.ts';
import type { Planner } from './planner.ts';
import { PlannerProcess } from './planner-process.ts';
import { translateInnerNode } from './translate-inner-node.ts';

/** All engines of this process plan in the same one. */
const plannerProcess = new PlannerProcess();

/**
 * The native planner of Hive Router, translated into our plan.
 * @param labels of @override whose fields have moved
 * @param onSent called when the planner has the supergraph, and loads it in its own process
 * @throws Error it cannot be used here
 */
export async function createHivePlanner(
  supergraphSdl: string,
  labels: readonly string[] = [],
  onSent?: () => void,
): Promise<Planner> {
  const planner = await plannerProcess.load(withoutProvidedTypenames(supergraphSdl), labels, onSent);
  return {
    overridePercentages: planner.overridePercentages,
    async plan(operation, draw = 100, signal) {
      const node = await planner.plan(operation, draw, signal).catch((cause: unknown) => {
        throw new PlanningError('PLANNING_FAILED', { cause });
      });
      const plan = node && translate(node, []);
      if (plan && (losesValues([plan]) || overwritesValues([plan]))) throw new PlanningError('PLAN_LOSES_VALUES');
      return plan;
    },
  };
}

function translate(node: HiveNode, path: readonly PathStep[]): PlanNode {
  switch (node.kind) {
    case 'Fetch':
      return node.requires?.length ? translateEntityFetch(node, path) : translateFetch(node, path);
    case 'BatchFetch': {
      const groups = node.entityBatch.aliases.map(translateAlias);
      return { kind: 'entities', service: node.serviceName, request: requestOf(node), groups };
    }
    case 'Flatten':
      return translate(node.node, [...path, ...node.path.map(translateStep)]);
    case 'Subscription':
      return { kind: 'subscribe', primary: translateFetch(node.primary, []) };
    default:
      return translateInnerNode(node, (child) => translate(child, path));
  }
}

function translateFetch(node: HiveFetch, path: readonly PathStep[]): FetchNode {
  const outputRewrites = (node.outputRewrites ?? []).map(translateRewrite);
  return { kind: 'fetch', service: node.serviceName, request: requestOf(node), path, outputRewrites };
}

function translateEntityFetch(node: HiveFetch, path: readonly PathStep[]): PlanNode {
  const group: EntityGroup = {
    alias: '_entities',
    variable: 'representations',
    paths: [path],
    requires: (node.requires ?? []).map(translateRequirement),
    inputRewrites: (node.inputRewrites ?? []).map(translateRewrite),
    outputRewrites: (node.outputRewrites ?? []).map(translateRewrite),
  };
  return { kind: 'entities', service: node.serviceName, request: requestOf(node), groups: [group] };
}

function translateAlias(alias: EntityBatchAlias): EntityGroup {
  return {
    alias: alias.alias,
    variable: alias.representationsVariableName,
    paths: alias.paths.map((path) => path.map(translateStep)),
    requires: alias.requires.map(translateRequirement),
    inputRewrites: (alias.inputRewrites ?? []).map(translateRewrite),
    outputRewrites: (alias.outputRewrites ?? []).map(translateRewrite),
  };
}

function requestOf(node: Omit<HiveFetch, 'kind'> | Omit<HiveFetch, 'kind' | 'requires'>): PlannedRequest {
  return {
    operationKind: node.operationKind ?? 'query',
    operation: node.operation,
    operationName: node.operationName,
    variables: node.variableUsages ?? [],
  };
}

function translateStep(step: HiveStep): PathStep {
  if (step === '@') return { kind: 'list' };
  return 'Field' in step ? { kind: 'field', name: step.Field } : { kind: 'types', names: step.TypeCondition };
}

function translateRequirement(node: HiveRequirement): Requirement {
  switch (node.kind) {
    case 'Field': {
      const selections = (node.selections ?? []).map(translateRequirement);
      return { kind: 'field', name: node.name, alias: node.alias, selections };
    }
    case 'InlineFragment':
      return { kind: 'types', condition: node.typeCondition, selections: node.selections.map(translateRequirement) };
    case 'FragmentSpread':
      throw new PlanningError('PLANNING_FAILED', {
        sentence: 'The planner required a named fragment, which it never defines.',
      });
  }
}

/** The planner writes a value setter in two shapes. */
function translateRewrite(rewrite: HiveRewrite): Rewrite {
  if ('KeyRenamer' in rewrite) {
    const { path, renameKeyTo } = rewrite.KeyRenamer;
    return { kind: 'rename', path: path.map(translateRewriteStep), to: renameKeyTo };
  }
  const { path, setValueTo } = 'ValueSetter' in rewrite ? rewrite.ValueSetter : rewrite;
  return { kind: 'set', path: path.map(translateRewriteStep), value: setValueTo };
}

const translateRewriteStep = (step: { TypenameEquals: string[] } | { Key: string }): Rewrite['path'][number] =>
  'Key' in step ? { kind: 'key', name: step.Key } : { kind: 'types', names: step.TypenameEquals };

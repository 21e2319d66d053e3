import { type EntityType, parseEntityId } from '../../journal/entity-ref.ts';
import { ClientError } from '../errors.ts';
import type { Rejection } from '../transitions/rejection.ts';
import type { OpsContext } from './context.ts';

/** The lookup of every type that has transitions. */
const lookups: Partial<Record<EntityType, string>> = {
  'production-order': 'productionOrder',
  operation: 'operation',
  'work-center': 'workCenter',
  lot: 'lot',
  delivery: 'delivery',
  'inspection-lot': 'inspectionLot',
  hold: 'qualityHold',
  nonconformance: 'nonconformance',
  disposition: 'disposition',
  asset: 'asset',
  downtime: 'downtime',
  'maintenance-work-order': 'maintenanceWorkOrder',
  exception: 'workflowException',
};

interface Check {
  readonly name: string;
  readonly allowed: boolean;
  readonly blockers: readonly Rejection[];
}

/**
 * Asks the owner, through the graph and as the caller: the answer is that of `availableTransitions`, word for word.
 * @returns null for what is not there, and for a transition that it does not have
 * @throws ClientError when the owner cannot be asked: neither yes nor no is known
 */
export async function canTransition(entity: string, name: string, context: OpsContext): Promise<Check | null> {
  const lookup = lookups[parseEntityId(entity)?.type ?? 'plant'];
  if (!lookup) return null;
  const { graph, principal, signal } = context;
  const document = `query CanTransition($id: ID!) { entity: ${lookup}(id: $id) { availableTransitions {
    name allowed blockers { code system guard message remediation blockingRef }
  } } }`;
  const { data, errors } = await graph.query(document, { id: entity }, principal, signal);
  const found = data?.['entity'] as { readonly availableTransitions: readonly Check[] | null } | null | undefined;
  const checks = found?.availableTransitions;
  if (checks) return checks.find((check) => check.name === name) ?? null;
  const [error] = errors;
  if (!error) return null;
  const code = error.extensions?.['code'];
  throw new ClientError(
    typeof code === 'string' ? code : 'SYSTEM_UNAVAILABLE',
    'The owner of the entity cannot be asked just now. Ask again in a moment.',
  );
}

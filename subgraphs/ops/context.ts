import type { ExceptionPort, ExceptionRow } from '../../connectors/ops/port.ts';
import { type EntityId, parseEntityId } from '../../journal/entity-ref.ts';
import type { Journal } from '../../journal/journal.ts';
import type { Clock } from '../../runtime/clock.ts';
import { createSubgraphContext, type SubgraphContext } from '../context.ts';
import type { GraphReader } from '../graph-reader.ts';
import type { EntityLoader, LoaderFactory } from '../reading/loader.ts';
import type { MayRead, ScopedRow } from '../reading/visibility.ts';
import type { OwnedField } from '../schema/owned-field.ts';
import type { SubgraphCall } from '../subgraph.ts';
import type { TransitionExecutor } from '../transitions/transition-executor.ts';
import type { OperationsPolicies } from './authority.ts';
import type { DeliveryFacts, LotFacts } from './eligibility.ts';
import { deliveryFacts, lotFacts } from './facts.ts';
import { exceptionKey } from './keys.ts';

export interface OpsLoaders {
  readonly lots: EntityLoader<ScopedRow & { readonly facts: LotFacts }>;
  readonly deliveries: EntityLoader<ScopedRow & { readonly facts: DeliveryFacts }>;
  readonly exceptions: EntityLoader<ExceptionRow>;
}

export interface OpsServices {
  readonly journal: Journal;
  readonly graph: GraphReader;
  readonly policies: OperationsPolicies & MayRead;
  readonly exceptions: ExceptionPort;
  readonly ownership: readonly OwnedField[];
  readonly executor: TransitionExecutor;
  readonly clock: Clock;
}

export interface OpsContext extends SubgraphContext<OpsLoaders>, OpsServices {}

export function createOpsContext(call: SubgraphCall, services: OpsServices): OpsContext {
  return createSubgraphContext(call, services, (factory) => createLoaders(factory, call, services));
}

function createLoaders(
  { oneBy }: LoaderFactory,
  { principal, signal }: SubgraphCall,
  { journal, graph, exceptions }: OpsServices,
): OpsLoaders {
  const sources = { journal, graph, principal, signal };
  // The graph was asked as the caller, so what it answered is the caller's to see.
  const scoped = <Facts extends { readonly id: EntityId }>(found: ReadonlyMap<string, Facts>) =>
    new Map([...found].map(([id, facts]) => [id, { facts, plantCode: plantOf(id), partner: principal.partner }]));
  return {
    lots: oneBy(async (ids) => scoped(await lotFacts(ids, sources))),
    deliveries: oneBy(async (ids) => scoped(await deliveryFacts(ids, sources))),
    exceptions: oneBy(async (ids) => {
      const keys = new Map(ids.map((id) => [id, exceptionKey(id)]));
      const rows = await exceptions.exceptionsByIds([...keys.values()].filter((key) => key !== null));
      const found = [...keys].flatMap(([id, key]) => {
        const row = key === null ? undefined : rows.get(key);
        return row ? [[id, row] as const] : [];
      });
      return new Map(found);
    }),
  };
}

function plantOf(id: string): string {
  return parseEntityId(id)?.plantCode ?? '';
}

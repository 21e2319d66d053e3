import type { GraphQLSchema } from 'graphql';
import type { Principal } from '../auth/principal.ts';
import type { NewInterlock } from '../journal/interlock.ts';
import type { Journal } from '../journal/journal.ts';
import type { Restriction } from '../journal/restriction.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { GraphReader } from './graph-reader.ts';
import type { MayTransition } from './transitions/evaluate.ts';
import type { OwningSystem } from './transitions/rejection.ts';
import type { TransitionExecutor } from './transitions/transition-executor.ts';

/** What every domain is built from; its port comes beside it. */
export interface SubgraphOptions {
  readonly journal: Journal;
  readonly policies: MayTransition;
  readonly graph: GraphReader;
  readonly runtime: Runtime;
}

/** An interlock that follows from what a system of record says: from a hold that stands, a downtime that is open. */
export type RecordedRestriction = Omit<NewInterlock, 'placedByTransition'>;

/** A system of record that has something held. */
export interface RestrictionSource {
  readonly system: OwningSystem;
  /** Everything that what it has may forbid. */
  readonly forbids: readonly Restriction[];
  /** What must be restricted in a plant now. @throws SystemUnavailableError, SystemTimeoutError */
  read(plantCode: string): Promise<readonly RecordedRestriction[]>;
}

/** One request to a subgraph: who asks, and until when. */
export interface SubgraphCall {
  readonly principal: Principal;
  readonly requestId: string;
  readonly signal: AbortSignal;
}

/** A domain, ready to be served in process or over HTTP. */
export interface Subgraph {
  readonly name: string;
  readonly schema: GraphQLSchema;
  /** Makes the resolvers' context of one request, its loaders among it. */
  createContext(call: SubgraphCall): object;
  /** Null where the system of record restricts nothing. */
  readonly restrictions: RestrictionSource | null;
  /** Null where a subgraph has no transitions. */
  readonly executor: TransitionExecutor | null;
}

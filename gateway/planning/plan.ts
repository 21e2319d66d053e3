/**
 * What the executor runs: a planner's answer in our own words, so that another planner is one more adapter.
 * All paths are relative to the root of the response.
 */
export type PlanNode =
  | FetchNode
  | EntityFetchNode
  | SequenceNode
  | ParallelNode
  | ConditionNode
  | SubscribeNode
  | ForgetNode;

/** Asks a subgraph for fields of a root type and merges the answer at `path` (empty: at the root). */
export interface FetchNode {
  readonly kind: 'fetch';
  readonly service: string;
  readonly request: PlannedRequest;
  readonly path: readonly PathStep[];
  readonly outputRewrites: readonly Rewrite[];
}

/** Asks a subgraph for fields of entities already in the response. Each group is one `_entities` selection. */
export interface EntityFetchNode {
  readonly kind: 'entities';
  readonly service: string;
  readonly request: PlannedRequest;
  readonly groups: readonly EntityGroup[];
  /** The same subgraph has just given these entities: one that it does not find again is lost. */
  readonly isRefetch?: boolean;
  /** Variables whose values are read above each entity. Then there is one group. */
  readonly context?: readonly ContextValue[];
}

/** Where the value of an argument with @fromContext stands. Of several for one variable the first that applies counts. */
export interface ContextValue {
  readonly variable: string;
  /** How many fields above the entity its context is. */
  readonly up: number;
  /** From there on. */
  readonly path: readonly RewriteStep[];
}

export interface EntityGroup {
  /** The response key of this group's `_entities`. */
  readonly alias: string;
  /** The variable that takes the representations. */
  readonly variable: string;
  readonly paths: readonly (readonly PathStep[])[];
  readonly requires: readonly Requirement[];
  readonly inputRewrites: readonly Rewrite[];
  readonly outputRewrites: readonly Rewrite[];
}

export interface PlannedRequest {
  readonly operationKind: 'query' | 'mutation' | 'subscription';
  readonly operation: string;
  readonly operationName: string | undefined;
  /** Client variables that the operation uses. */
  readonly variables: readonly string[];
}

export interface SequenceNode {
  readonly kind: 'sequence';
  readonly nodes: readonly PlanNode[];
}

export interface ParallelNode {
  readonly kind: 'parallel';
  readonly nodes: readonly PlanNode[];
}

export interface ConditionNode {
  readonly kind: 'condition';
  readonly variable: string;
  readonly whenTrue: PlanNode | undefined;
  readonly whenFalse: PlanNode | undefined;
}

/** Opens a stream; what follows it in the sequence runs once per event. */
export interface SubscribeNode {
  readonly kind: 'subscribe';
  readonly primary: FetchNode;
}

/** Drops what only the plan before it needed, so that another plan may put other values under the same names. */
export interface ForgetNode {
  readonly kind: 'forget';
}

export type PathStep =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'list' }
  | { readonly kind: 'types'; readonly names: readonly string[] };

/** The keys of a path, without its lists and types. */
export const keysOfPath = (path: readonly PathStep[]): readonly string[] =>
  path.flatMap((step) => (step.kind === 'field' ? [step.name] : []));

/** What a representation holds. */
export type Requirement =
  | {
      readonly kind: 'field';
      readonly name: string;
      readonly alias: string | undefined;
      readonly selections: readonly Requirement[];
    }
  | { readonly kind: 'types'; readonly condition: string; readonly selections: readonly Requirement[] };

export const typenameRequirement: Requirement = { kind: 'field', name: '__typename', alias: undefined, selections: [] };

export type RewriteStep =
  | { readonly kind: 'key'; readonly name: string }
  | { readonly kind: 'types'; readonly names: readonly string[] };

export type Rewrite =
  | { readonly kind: 'set'; readonly path: readonly RewriteStep[]; readonly value: string }
  | { readonly kind: 'rename'; readonly path: readonly RewriteStep[]; readonly to: string };

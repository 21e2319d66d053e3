import { type DocumentNode, type FieldDefinitionNode, Kind } from 'graphql';
import { argumentsOf } from './linked-features.ts';

/** What the schema says about the events of one subscription field. */
export interface SubscriptionRule {
  /** The argument that asks for events from a cursor on. */
  readonly after: string | undefined;
  /** The field of the payload that is the event's cursor. */
  readonly cursor: string | undefined;
  /** The argument that, where it is true, has what is so already sent first. */
  readonly snapshot: string | undefined;
  /** Whether the source may end the stream because it has said everything. */
  readonly isFinite: boolean;
  readonly delivery: DeliveryPolicy;
}

/**
 * What a client gets that reads slower than events arrive: every event, or to be closed and to resume
 * (`MUST_DELIVER`); or the latest, with a count of those that it missed (`LATEST`).
 */
export type DeliveryPolicy = 'MUST_DELIVER' | 'LATEST';

/** Names that such an argument commonly has, for supergraphs that do not say so with @resumable. */
const commonNames = ['after', 'since', 'cursor', 'fromCursor', 'lastEventId'];

/**
 * By subscription field, from its directives:
 *
 * - `@resumable(cursor: "…", after: "…", snapshot: "…")` names the field of the payload and the arguments. A field without
 *   it may still have an argument that, by its name, takes a cursor.
 * - `@delivery(policy: "LATEST")`; without it MUST_DELIVER.
 * - `@finite`: the source's end is the end, not a failure.
 */
export function readSubscriptionRules(supergraph: DocumentNode): ReadonlyMap<string, SubscriptionRule> {
  const root = subscriptionTypeName(supergraph);
  const types = supergraph.definitions.filter((node) => node.kind === Kind.OBJECT_TYPE_DEFINITION);
  const fields = types.filter(({ name }) => name.value === root).flatMap((node) => node.fields ?? []);
  return new Map(fields.map((field) => [field.name.value, ruleOf(field)]));
}

/** Where the supergraph has no rule: a field that is not there. */
export const noRule: SubscriptionRule = Object.freeze({
  after: undefined,
  cursor: undefined,
  snapshot: undefined,
  isFinite: false,
  delivery: 'MUST_DELIVER',
});

function ruleOf(field: FieldDefinitionNode): SubscriptionRule {
  const { after, cursor, snapshot } = directiveOf(field, 'resumable') ?? {};
  const names = (field.arguments ?? []).map(({ name }) => name.value);
  return {
    after: textOf(after) ?? commonNames.find((name) => names.includes(name)),
    cursor: textOf(cursor),
    snapshot: textOf(snapshot),
    isFinite: directiveOf(field, 'finite') !== undefined,
    delivery: directiveOf(field, 'delivery')?.['policy'] === 'LATEST' ? 'LATEST' : 'MUST_DELIVER',
  };
}

/** Its arguments. Directives of somebody's own specification keep its prefix where they are not imported. */
function directiveOf({ directives = [] }: FieldDefinitionNode, wanted: string) {
  const found = directives.find(({ name: { value } }) => value === wanted || value.endsWith(`__${wanted}`));
  return found && argumentsOf(found);
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function subscriptionTypeName(supergraph: DocumentNode): string {
  const schema = supergraph.definitions.find((node) => node.kind === Kind.SCHEMA_DEFINITION);
  const types = schema?.kind === Kind.SCHEMA_DEFINITION ? schema.operationTypes : [];
  return types.find(({ operation }) => operation === 'subscription')?.type.name.value ?? 'Subscription';
}

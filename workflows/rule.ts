import type { EventType } from '../journal/catalogue.ts';
import type { JournalEvent } from '../journal/envelope.ts';
import type { StepProblem } from './problem.ts';

/** What a refusal means to a rule. */
export type Verdict =
  /** It is what the rule wanted already. */
  | 'DONE'
  /** It may be otherwise soon: asked again under a new key. */
  | 'RETRY'
  /** A person has to look. */
  | 'EXCEPTION';

/** By mutation, then by the rejection's code. What is not listed follows `defaultVerdicts` of `rule-graph.ts`. */
export type Verdicts = Readonly<Record<string, Readonly<Record<string, Verdict>>>>;

/** The graph as a rule sees it: what it changes is done once, however often the rule runs. */
export interface RuleGraph {
  /** @throws StepProblem when a field could not be had: half of the facts is no ground to act on */
  read<Data>(document: string, variables: Readonly<Record<string, unknown>>): Promise<Data>;
  /**
   * Performs a transition, once: a step that is done is passed over, one that was asked is asked again under its key.
   * @throws StepProblem when it is not done yet, or refused
   */
  transition(mutation: string, input: Readonly<Record<string, unknown>>, options: StepOptions): Promise<void>;
  /** Runs all of them to their end, and only then reports what did not get through: one never delays another. */
  each<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void>;
}

export interface StepOptions {
  /** Unique within the rule and the same in every attempt: part of the idempotency key. */
  readonly step: string;
  /** For the audit trail, and for people who are refused because of it. @default the rule's name and the event */
  readonly reason?: string;
}

/**
 * What must follow in one other system when something has happened: `<outcome>-when-<trigger>`. One rule for each target,
 * so that a system that is down delays nothing but itself.
 */
export interface Rule<Type extends EventType = EventType> {
  readonly name: string;
  readonly on: readonly Type[];
  /**
   * Reactions that share a lane run one after the other, in the order of their events, across rules.
   * @default one lane for each subject of the rule
   */
  lanes?(event: JournalEvent<Type>): readonly string[];
  readonly verdicts?: Verdicts;
  /** May run any number of times; asks, decides and performs transitions through `graph` only. */
  react(event: JournalEvent<Type>, graph: RuleGraph): Promise<void>;
  /** Says in the graph that a person is needed. Runs with every attempt from then on; its steps are done once too. */
  whenStuck?(event: JournalEvent<Type>, graph: RuleGraph, problem: StepProblem): Promise<void>;
}

export function lanesOf(rule: Rule, event: JournalEvent): readonly string[] {
  return [...new Set(rule.lanes?.(event) ?? [`${rule.name}/${event.subject}`])];
}

/** Rule names are sentences with dashes. */
export function inWords(ruleName: string): string {
  const words = ruleName.replaceAll('-', ' ');
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}

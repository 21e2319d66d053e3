import type { JournalEvent } from '../journal/envelope.ts';
import { isoTime } from '../runtime/clock.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Turns } from '../runtime/turns.ts';
import { askGraph, askTransition, type GraphClient, type TransitionAnswer } from './client.ts';
import { idempotencyKey } from './idempotency-key.ts';
import type { InstanceStore } from './instance-store.ts';
import { type ProblemKind, StepProblem, toProblem } from './problem.ts';
import { retryTable } from './retry-policy.ts';
import { inWords, type Rule, type RuleGraph, type Verdict } from './rule.ts';

/** What a refusal means where the rule does not say otherwise. */
const defaultVerdicts: Readonly<Record<string, ProblemKind>> = {
  VERSION_CONFLICT: 'VERSION_CONFLICT',
  INTERLOCKED: 'INTERLOCKED',
  STATE_NOT_ALLOWED: 'NOT_YET',
  SYSTEM_UNAVAILABLE: 'UNAVAILABLE',
  SYSTEM_TIMEOUT: 'UNAVAILABLE',
};

export interface AttemptOptions {
  readonly rule: Rule;
  readonly event: JournalEvent;
  readonly instanceId: string;
  readonly client: GraphClient;
  readonly store: InstanceStore;
  readonly runtime: Runtime;
  /** What people ask for comes in between: a hold must not wait for what followed from the one before it. */
  readonly turns: Turns;
}

/**
 * The graph for one attempt of one instance.
 *
 * A step is unknown, ASKED or DONE. Before it is asked for the first time, key and input are recorded (ASKED), so that
 * every later attempt, in whatever process, asks the same under the same key and gets the first answer. An accepted answer,
 * or a refusal that the rule takes for done, makes it DONE, and it is never asked again. Any other refusal is settled under
 * its key for good, so it stays ASKED with the next generation: a new key. PENDING changes nothing: the same key again.
 */
export function createAttempt(options: AttemptOptions): RuleGraph {
  const { rule, event, client, store, instanceId, runtime, turns } = options;
  return {
    async read<Data>(document: string, variables: Readonly<Record<string, unknown>>) {
      await turns.next();
      return (await askGraph(client, document, variables, 'read')) as Data;
    },
    async transition(mutation, input, { step, reason }) {
      const asked = await store.ask(instanceId, step, input);
      if (asked.state === 'DONE') return;
      const key = idempotencyKey({ rule: rule.name, eventId: event.id, step, generation: asked.generation });
      const meta = metaOf(options, key, reason);
      await turns.next();
      const answer = await askTransition(client, mutation, { input: asked.input, meta }, step);
      runtime.crashPoints.reached('K16');
      const problem = judge(rule, mutation, step, answer);
      if (problem === null) await store.finishStep(instanceId, step);
      else if (problem.kind !== 'PENDING') await store.nextGeneration(instanceId, step, asked.generation, input);
      runtime.crashPoints.reached('K17');
      if (problem) throw problem;
    },
    async each(items, work) {
      const results = await Promise.allSettled(items.map(work));
      const problems = results.flatMap((result) => (result.status === 'rejected' ? [toProblem(result.reason)] : []));
      const [first] = problems.sort((a, b) => patienceWith(b) - patienceWith(a));
      if (first) throw first;
    },
  };
}

/** What heals by itself is reported before what needs a person: everything that can be done gets done first. */
function patienceWith({ kind }: StepProblem): number {
  return retryTable[kind].giveUpAfter ?? Number.POSITIVE_INFINITY;
}

function metaOf({ rule, event, runtime }: AttemptOptions, idempotencyKey: string, reason: string | undefined) {
  return {
    idempotencyKey,
    correlationId: event.correlationId,
    causationId: event.id,
    occurredAt: isoTime(runtime.clock.now()),
    reason: { code: rule.name, text: reason ?? `${inWords(rule.name)} (${event.type}, ${event.subject})` },
  };
}

/** @returns null when the step is done */
function judge(rule: Rule, mutation: string, step: string, answer: TransitionAnswer): StepProblem | null {
  if (answer.originalOutcome === 'ACCEPTED') return null;
  if (answer.originalOutcome === 'PENDING') {
    return new StepProblem({
      kind: 'PENDING',
      step,
      code: 'PENDING',
      system: null,
      message: `${mutation} is recorded, and its system has not answered for certain.`,
      remediation: 'It is read back by itself as soon as the system answers.',
    });
  }
  const open = answer.rejections.filter(({ code }) => rule.verdicts?.[mutation]?.[code] !== 'DONE');
  const [first] = open;
  if (!first) return null;
  const kinds = open.map(({ code }) => kindOf(rule.verdicts?.[mutation]?.[code], code));
  const message = open.map((one) => `${one.system} refused ${mutation}: ${one.message}`).join(' ');
  const { code, system, remediation } = first;
  return new StepProblem({ kind: strictest(kinds), step, code, system, message, remediation });
}

function kindOf(verdict: Verdict | undefined, code: string): ProblemKind {
  if (verdict === 'RETRY') return 'NOT_YET';
  if (verdict === 'EXCEPTION') return 'REFUSED';
  return defaultVerdicts[code] ?? 'REFUSED';
}

/** One reason that only a person can remove makes waiting for the others pointless. */
function strictest(kinds: readonly ProblemKind[]): ProblemKind {
  const ordered: readonly ProblemKind[] = ['REFUSED', 'NOT_YET', 'INTERLOCKED', 'UNAVAILABLE', 'VERSION_CONFLICT'];
  return ordered.find((kind) => kinds.includes(kind)) ?? 'REFUSED';
}

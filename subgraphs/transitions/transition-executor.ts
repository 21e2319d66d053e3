import { createHash } from 'node:crypto';
import type { Principal } from '../../auth/principal.ts';
import { SystemTimeoutError, SystemUnavailableError } from '../../connectors/errors.ts';
import type { Posting, PostingPort, SystemCommand } from '../../connectors/posting.ts';
import { canonicalJson } from '../../journal/canonical-json.ts';
import type { Claim, Command } from '../../journal/command.ts';
import type { Journal } from '../../journal/journal.ts';
import { isoTime } from '../../runtime/clock.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { ClientError } from '../errors.ts';
import type { GraphReader } from '../graph-reader.ts';
import type { MayTransition } from './evaluate.ts';
import { evaluateGuards, evaluateInterlocks, notFound } from './evaluate.ts';
import { checkInput } from './input-checks.ts';
import { type AnyCall, answerOf, OutcomeRecorder, pendingAnswer } from './outcome-recorder.ts';
import type { OwningSystem, Rejection } from './rejection.ts';
import { distinctRejections } from './rejection.ts';
import { type AnyTransition, commandOf, type TransitionAnswer } from './transition.ts';
import { checkMeta, completeMeta, type MetaInput, requireKey } from './transition-meta.ts';

export interface TransitionRequest {
  readonly name: string;
  readonly input: unknown;
  readonly meta: MetaInput;
  readonly principal: Principal;
}

export interface AvailableTransition {
  readonly name: string;
  readonly allowed: boolean;
  readonly blockers: readonly Rejection[];
}

export interface TransitionExecutorOptions {
  readonly system: OwningSystem;
  readonly transitions: readonly AnyTransition[];
  readonly port: PostingPort<SystemCommand>;
  readonly journal: Journal;
  readonly policies: MayTransition;
  readonly graph: GraphReader;
  readonly runtime: Runtime;
  /** Longest wait for the system of record. @default 5000 */
  readonly systemTimeoutMs?: number;
  /** Longest wait for transitions in flight on something that is being restricted. @default 10000 */
  readonly drainTimeoutMs?: number;
  /** How long after a time-out a system may still carry out what it was sent. @default 60000 */
  readonly lateAnswerMs?: number;
}

/**
 * The one executor of transitions.
 *
 * A transition goes through these steps, and every one of them may be the last thing that the process does:
 *
 * 1. ASKED: the idempotency key is looked up; a settled one is answered DUPLICATE, an unsettled one is waited for.
 * 2. EVALUATED: the input is checked; then the entity is loaded and every guard asked. Refusals are collected, not stopped
 *    at, and only a senseless input is refused without a trace.
 * 3. INTENT: in one journal transaction the interlocks are asked, the command is recorded and interlocks are placed. A
 *    refused transition is settled here, and ends.
 * 4. SENT: the system of record is told. Its answer is known (POSTED, REFUSED), or it was not reached or did not answer:
 *    then the command stays an intent, the caller is told PENDING, and `settleUnsettled` reads it back until it is known.
 * 5. SETTLED: in one journal transaction the command's answer, the events, the interlocks and the audit entry.
 *
 * A crash after 3 leaves an intent, which `settleUnsettled` completes: it asks the system what it has recorded under the
 * transition id, and sends the command only when that is nothing and no interlock has come in between.
 */
export class TransitionExecutor {
  readonly #options: TransitionExecutorOptions;
  readonly #transitions: ReadonlyMap<string, AnyTransition>;
  readonly #recorder: OutcomeRecorder;
  readonly #claimant: string;
  readonly #running = new Map<string, Promise<TransitionAnswer>>();

  constructor(options: TransitionExecutorOptions) {
    this.#options = options;
    this.#recorder = new OutcomeRecorder(options);
    this.#claimant = options.journal.isShared ? options.runtime.ids.next() : 'the only process';
    this.#transitions = new Map(options.transitions.map((transition) => [transition.name, transition]));
  }

  async execute(request: TransitionRequest): Promise<TransitionAnswer> {
    const { journal, runtime } = this.#options;
    const transition = this.#transitionNamed(request.name);
    runtime.crashPoints.reached('K1');
    const scopedKey = JSON.stringify([request.principal.id, requireKey(request.meta.idempotencyKey)]);
    const requestHash = hashRequest(request.name, request.input);
    const known = await journal.commands.findByKey(scopedKey);
    runtime.crashPoints.reached('K2');
    if (known) return this.#repeat(known, requestHash);
    return this.#first(transition, request, scopedKey, requestHash);
  }

  /** Every transition of `names`, whether it would be accepted from `principal` now, and why not. */
  async available(names: readonly string[], entity: unknown, principal: Principal, signal: AbortSignal) {
    return Promise.all(names.map((name) => this.#isAvailable(this.#transitionNamed(name), entity, principal, signal)));
  }

  async #isAvailable(
    transition: AnyTransition,
    entity: unknown,
    principal: Principal,
    signal: AbortSignal,
  ): Promise<AvailableTransition> {
    const { system, policies, graph, journal } = this.#options;
    const context = { principal, graph, signal };
    const guards = await evaluateGuards({ transition, system, entity, input: null, meta: null, policies, context });
    const interlocks = await evaluateInterlocks(transition, entity, null, journal.interlocks, principal);
    const blockers = distinctRejections([...guards, ...interlocks]);
    return { name: transition.name, allowed: blockers.length === 0, blockers };
  }

  async #first(
    transition: AnyTransition,
    request: TransitionRequest,
    scopedKey: string,
    requestHash: string,
  ): Promise<TransitionAnswer> {
    const { runtime, system, policies, graph } = this.#options;
    const signal = AbortSignal.timeout(this.#systemTimeoutMs);
    const transitionId = runtime.ids.next();
    const meta = completeMeta(request.meta, transitionId, runtime.clock.now());
    const invalid = this.#checkInput(transition, request);
    if (invalid.length > 0) return unrecordedRefusal(transitionId, invalid);
    const entity = await transition.load(request.input, signal, request.principal);
    if (entity === null) return unrecordedRefusal(transitionId, [notFound(system)]);
    const context = { principal: request.principal, graph, signal };
    const question = { transition, system, entity, input: request.input, meta, policies, context };
    const refusals = await evaluateGuards(question);
    if (refusals.some(({ code }) => code === 'NOT_FOUND')) return unrecordedRefusal(transitionId, [notFound(system)]);
    runtime.crashPoints.reached('K4');
    const { id, name, kind, partner } = request.principal;
    const call: AnyCall = {
      transitionId,
      entity,
      input: request.input,
      meta,
      actor: { id, name, kind, partner },
    };
    const intent = { transition, call, scopedKey, requestHash, refusals };
    return this.#track(transitionId, this.#intendAndSend(intent));
  }

  async #intendAndSend(intent: Intent): Promise<TransitionAnswer> {
    const claimEndsAt = this.#claimEndsAt();
    const { answer, inFlight } = await this.#intend(intent);
    if (answer) return answer;
    if (inFlight) return this.#repeat(inFlight, intent.requestHash);
    return this.#send(intent.transition, intent.call, claimEndsAt);
  }

  #checkInput({ checks }: AnyTransition, { input, meta, principal }: TransitionRequest): readonly Rejection[] {
    const { system, runtime } = this.#options;
    const context = { now: runtime.clock.now(), isWorkflow: principal.kind === 'WORKFLOW', system };
    return [...checkInput(checks, input, { ...context, path: 'input' }), ...checkMeta(meta, context)];
  }

  /** Step 3. @returns the answer of a refused transition, the command that has the key already, or neither */
  async #intend(intent: Intent): Promise<{ readonly answer?: TransitionAnswer; readonly inFlight?: Command }> {
    const { transition, call, scopedKey, requestHash } = intent;
    const command = commandOf(transition, call);
    return this.#options.journal.write(async (tx) => {
      const interlocks = await evaluateInterlocks(transition, call.entity, call.input, tx, call.actor);
      const touches = transition.touches(call.entity, call.input).flatMap(({ entities }) => entities);
      const recorded = {
        transitionId: call.transitionId,
        scopedKey,
        requestHash,
        transition: transition.name,
        touches,
        intent: { call, command },
        claim: this.#newClaim(),
      };
      const begun = await tx.begin(recorded);
      if ('known' in begun) return { inFlight: begun.known };
      const rejections = distinctRejections([...intent.refusals, ...interlocks]);
      if (rejections.length > 0) return { answer: await this.#recorder.refuse(tx, transition, call, rejections) };
      for (const interlock of transition.placeFirst?.(call) ?? []) await tx.place(interlock);
      return {};
    });
  }

  /**
   * Step 4, for a command that this process has claimed.
   *
   * @param claimEndsAt on the monotonic clock. Nothing is sent after it: somebody else may have taken over, and what it may
   *   touch may have been restricted since.
   */
  async #send(transition: AnyTransition, call: AnyCall, claimEndsAt: number): Promise<TransitionAnswer> {
    const { runtime, port, system } = this.#options;
    runtime.crashPoints.reached('K18');
    await this.#drainRestricted(transition, call);
    const limitMs = transition.placeFirst ? this.#systemTimeoutMs : claimEndsAt - runtime.clock.monotonic();
    try {
      if (limitMs <= 0) throw new SystemUnavailableError(system);
      const posting = await this.#withinTime(limitMs, (signal) => port.post(commandOf(transition, call), signal));
      runtime.crashPoints.reached('K19');
      return await this.#recorder.settle(transition, call, posting);
    } catch (error) {
      if (isUncertain(error)) return this.#recorder.defer(transition, call, error.code);
      // Whatever it is, it may have happened after the system was told, so the command is read back like any other.
      await this.#recorder.defer(transition, call, 'UNEXPECTED_ERROR');
      throw error;
    }
  }

  /** A port that forgets its signal does not outlive the claim: it counts as not having answered. */
  async #withinTime<T>(limitMs: number, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { timers } = this.#options.runtime;
    const controller = new AbortController();
    let cancel: () => void = () => undefined;
    const late = new Promise<never>((_resolve, reject) => {
      cancel = timers.after(Math.min(limitMs, this.#systemTimeoutMs), () => {
        controller.abort();
        reject(new SystemTimeoutError(this.#options.system));
      });
    });
    return Promise.race([ask(controller.signal), late]).finally(cancel);
  }

  /**
   * A restriction must hold from the moment it is answered: whatever passed its guards before the interlock was placed,
   * and is being sent just now, is let finish first. New ones are refused meanwhile and every sender has a time limit, so
   * this ends. What was sent and not answered is beyond anybody's reach: it is read back, never sent again, and logged.
   */
  async #drainRestricted(transition: AnyTransition, call: AnyCall): Promise<void> {
    const { journal, runtime, drainTimeoutMs = 10_000 } = this.#options;
    const restricted = (transition.placeFirst?.(call) ?? []).map(({ entityId }) => entityId);
    if (restricted.length === 0) return;
    const { clock, timers, log } = runtime;
    const deadline = clock.monotonic() + drainTimeoutMs;
    for (let waitMs = 2; clock.monotonic() < deadline; waitMs = Math.min(waitMs * 2, 100)) {
      const unsettled = await journal.commands.unsettledOn(restricted, call.transitionId);
      if (!unsettled.some((command) => this.#isClaimed(command))) {
        const unknown = unsettled.filter((command) => this.#mayStillArrive(command));
        if (unknown.length > 0)
          log.warn('restricted with unknown outcomes', { transitionId: call.transitionId, restricted });
        return;
      }
      await timers.sleep(waitMs);
    }
    log.error('restriction drain timed out', { transitionId: call.transitionId, restricted });
  }

  #isClaimed({ claimedUntil }: Command): boolean {
    return claimedUntil !== null && Date.parse(claimedUntil) > this.#options.journal.now();
  }

  /**
   * @param signal ends it after those that are being completed: what is left waits for the next round, or the next start
   * @returns whether every intent that was there is settled now
   */
  async settleUnsettled(signal?: AbortSignal): Promise<boolean> {
    const { journal } = this.#options;
    const commands = [...(await journal.commands.unsettled(1000, [...this.#transitions.keys()]))];
    let complete = true;
    const worker = async () => {
      for (let command = commands.shift(); command; command = commands.shift()) {
        if (signal?.aborted || !(await this.#isSettledNow(command))) complete = false;
      }
    };
    await Promise.all(Array.from({ length: settledAtOnce }, worker));
    return complete;
  }

  /** @returns whether there is nothing left to do about it here: it is settled, or somebody else is completing it */
  async #isSettledNow(command: Command): Promise<boolean> {
    const { transitionId } = command;
    const { journal, runtime } = this.#options;
    const transition = this.#transitionNamed(command.transition);
    if (this.#running.has(transitionId)) return true;
    const claimEndsAt = this.#claimEndsAt();
    if (!(await journal.write((tx) => tx.claim(transitionId, this.#newClaim())))) return true;
    try {
      const { outcome } = await this.#track(transitionId, this.#complete(transition, command, claimEndsAt));
      return outcome !== 'PENDING';
    } catch (error) {
      runtime.log.error('intent not completed', { transitionId, transition: transition.name, cause: error });
      return false;
    }
  }

  #claimEndsAt(): number {
    return this.#options.runtime.clock.monotonic() + this.#systemTimeoutMs + claimMarginMs;
  }

  /** As long as the system may take, and a little: a dead process's intents are taken over after it. */
  #newClaim(): Claim {
    const until = this.#options.journal.now() + this.#systemTimeoutMs + claimMarginMs;
    return { by: this.#claimant, until: isoTime(until) };
  }

  /** Step 4, for an intent whose sender is gone or was told PENDING. */
  async #complete(transition: AnyTransition, command: Command, claimEndsAt: number): Promise<TransitionAnswer> {
    const { call } = command.intent as { call: AnyCall };
    try {
      const found = await this.#readBack(transition, call);
      if (found) return await this.#recorder.settle(transition, call, found);
    } catch (error) {
      if (isUncertain(error) && command.deferrals === 0) return this.#recorder.defer(transition, call, 'NOT_READ_BACK');
      await this.#release(call);
      if (!isUncertain(error)) throw error;
      return pendingAnswer(transition, call);
    }
    const interlocks = await this.#interlocksNow(transition, call);
    if (interlocks.length === 0) return this.#send(transition, call, claimEndsAt);
    if (!this.#mayStillArrive(command)) return this.#recorder.refuseLate(transition, call, interlocks);
    await this.#release(call);
    return pendingAnswer(transition, call);
  }

  #readBack(transition: AnyTransition, call: AnyCall): Promise<Posting | null> {
    const { plantCode } = transition.subject(call.entity);
    const { port } = this.#options;
    return this.#withinTime(this.#systemTimeoutMs, (signal) => port.postingOf(call.transitionId, plantCode, signal));
  }

  #release({ transitionId }: AnyCall): Promise<void> {
    return this.#options.journal.write((tx) => tx.release(transitionId));
  }

  #interlocksNow(transition: AnyTransition, call: AnyCall): Promise<readonly Rejection[]> {
    const { interlocks } = this.#options.journal;
    return evaluateInterlocks(transition, call.entity, call.input, interlocks, call.actor);
  }

  /**
   * What was sent and not answered may be carried out by a slow system long after it was read back in vain. Until that is
   * past belief, it is neither refused nor sent again.
   */
  #mayStillArrive({ deferredReason, deferredAt, begunAt }: Command): boolean {
    if (deferredReason === 'SYSTEM_UNAVAILABLE') return false;
    const sentAt = Date.parse(deferredAt ?? begunAt);
    return this.#options.journal.now() < sentAt + (this.#options.lateAnswerMs ?? 60_000);
  }

  /** The answer to a key that is known: the first answer, once there is one. */
  async #repeat(known: Command, requestHash: string): Promise<TransitionAnswer> {
    if (known.requestHash !== requestHash) throw new IdempotencyKeyReusedError();
    const first = await this.#settledOrPending(known);
    return { ...first, outcome: first.originalOutcome === 'PENDING' ? 'PENDING' : 'DUPLICATE' };
  }

  async #settledOrPending(known: Command): Promise<TransitionAnswer> {
    if (known.state === 'SETTLED') return known.answer as TransitionAnswer;
    const running = this.#running.get(known.transitionId);
    if (running) return running;
    const { journal, runtime } = this.#options;
    const deadline = runtime.clock.monotonic() + this.#systemTimeoutMs;
    for (
      let waitMs = 5;
      known.deferrals === 0 && runtime.clock.monotonic() < deadline;
      waitMs = Math.min(waitMs * 2, 200)
    ) {
      await runtime.timers.sleep(waitMs);
      const now = await journal.commands.find(known.transitionId);
      if (now?.state === 'SETTLED') return now.answer as TransitionAnswer;
      if (now && now.deferrals > 0) break;
    }
    const { call } = known.intent as { call: AnyCall };
    return pendingAnswer(this.#transitionNamed(known.transition), call);
  }

  #track(transitionId: string, work: Promise<TransitionAnswer>): Promise<TransitionAnswer> {
    const tracked = work.finally(() => this.#running.delete(transitionId));
    this.#running.set(transitionId, tracked);
    return tracked;
  }

  #transitionNamed(name: string): AnyTransition {
    const transition = this.#transitions.get(name);
    if (!transition) throw new Error(`No transition ${name} is defined for ${this.#options.system}.`);
    return transition;
  }

  get #systemTimeoutMs(): number {
    return this.#options.systemTimeoutMs ?? 5000;
  }
}

/** So many intents are completed at once, so that one slow system does not keep the others waiting. */
const settledAtOnce = 8;
/** What a claim lasts beyond the system's time limit. */
const claimMarginMs = 1000;

interface Intent {
  readonly transition: AnyTransition;
  readonly call: AnyCall;
  readonly scopedKey: string;
  readonly requestHash: string;
  readonly refusals: readonly Rejection[];
}

/** The same key came with another request: doing either silently would be wrong. */
export class IdempotencyKeyReusedError extends ClientError {
  constructor() {
    super(
      'IDEMPOTENCY_KEY_REUSED',
      'This idempotency key was used for another request. Make a new key for a new request.',
    );
    this.name = 'IdempotencyKeyReusedError';
  }
}

/** What does not exist has no entity to record a refusal against, so the key stays free. */
function unrecordedRefusal(transitionId: string, rejections: readonly Rejection[]): TransitionAnswer {
  return answerOf('REJECTED', { transitionId }, { rejections, subjectId: null });
}

function isUncertain(error: unknown): error is SystemUnavailableError | SystemTimeoutError {
  return error instanceof SystemUnavailableError || error instanceof SystemTimeoutError;
}

/** Two requests are the same when name and input are; key order does not matter. */
function hashRequest(name: string, input: unknown): string {
  return createHash('sha256')
    .update(`${name}\n${canonicalJson(input)}`)
    .digest('hex');
}

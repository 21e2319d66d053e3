import { randomUUID } from 'node:crypto';
import { type AndonProcess, type PersonId, until } from '../support/andon-process.ts';

/** What every journey sees of a transition's answer. */
export interface TransitionAnswer {
  readonly outcome: string;
  readonly originalOutcome: string;
  readonly transitionId: string;
  readonly document: string | null;
  readonly rejections: readonly {
    readonly code: string;
    readonly system: string;
    readonly guard: string;
    readonly message: string;
    readonly remediation: string | null;
    readonly blockingRef: string | null;
  }[];
}

const fields =
  'outcome originalOutcome transitionId document rejections { code system guard message remediation blockingRef }';

export interface TransitionOptions {
  readonly key?: string;
  readonly reason?: string;
  readonly expectedVersion?: string;
}

/**
 * Asks for one transition over the front door, as `person` types it; again under its key while it is not known whether its
 * system has carried it out, as after a stall.
 */
export async function transition(
  andon: Pick<AndonProcess, 'ask'>,
  person: PersonId,
  name: string,
  input: Record<string, unknown>,
  options: TransitionOptions = {},
): Promise<TransitionAnswer> {
  const known = { key: randomUUID(), ...options };
  const ask = () => askOnce(andon, person, name, input, known);
  const first = await ask();
  if (first.outcome !== 'PENDING') return first;
  const answer = await until(ask, ({ outcome }) => outcome !== 'PENDING');
  return { ...answer, outcome: answer.originalOutcome };
}

async function askOnce(
  andon: Pick<AndonProcess, 'ask'>,
  person: PersonId,
  name: string,
  input: Record<string, unknown>,
  { key, reason, expectedVersion }: TransitionOptions,
): Promise<TransitionAnswer> {
  const inputType = `${name[0]?.toUpperCase()}${name.slice(1)}Input`;
  const answer = await andon.ask(
    person,
    `mutation Transition($input: ${inputType}!, $meta: TransitionMeta!) { ${name}(input: $input, meta: $meta) { ${fields} } }`,
    {
      input,
      meta: {
        idempotencyKey: key,
        ...(reason ? { reason: { text: reason } } : {}),
        ...(expectedVersion ? { expectedVersion } : {}),
      },
    },
  );
  if (!answer.data?.[name]) throw new Error(`${name} was not answered: ${JSON.stringify(answer)}`);
  return answer.data[name] as TransitionAnswer;
}

import { createHash } from 'node:crypto';

/** The longest key that a transition takes. */
const longestKey = 200;

export interface KeyParts {
  readonly rule: string;
  readonly eventId: string;
  readonly step: string;
  readonly generation: number;
}

/**
 * `wf/<rule>/<event id>/<step>/<generation>`: the same in every attempt, process and restart. Where ids are too long for a
 * key, their hash stands for event and step.
 */
export function idempotencyKey({ rule, eventId, step, generation }: KeyParts): string {
  const key = `wf/${rule}/${eventId}/${step}/${generation}`;
  if (key.length <= longestKey) return key;
  const hash = createHash('sha256').update(`${eventId}\n${step}`).digest('base64url');
  return `wf/${rule}/${hash}/${generation}`;
}

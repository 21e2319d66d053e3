/**
 * Named places in the write path where a test may kill the process. One sentence each: what is durable at that point.
 */
export const crashPointNames = {
  K1: 'the request has been parsed, nothing is durable',
  K2: 'the idempotency key has been looked up',
  K3: 'the intent transaction has begun',
  K4: 'the entity has been loaded and its guards evaluated',
  K5: 'the event row is written, not committed',
  K6: 'the audit row is written, not committed',
  K7: 'the command row is settled, not committed',
  K8: 'the outcome transaction is about to commit',
  K9: 'the outcome is committed, the caller has no answer',
  K15: 'a workflow has received an event',
  K16: 'a workflow step is done, its progress is not committed',
  K17: 'the progress of a workflow is committed',
  K18: 'the intent is committed, the system has not been called',
  K19: 'the system has answered, its answer is not recorded',
  K22: 'the process is draining',
} as const;

export type CrashPoint = keyof typeof crashPointNames;

export interface CrashPoints {
  /** Called by the code as it passes `point`. In production it does nothing. */
  reached(point: CrashPoint): void;
}

export const noCrashPoints: CrashPoints = { reached: () => undefined };

/** Kills the process outright the `occurrence`-th time that it reaches `point`: no handler runs and nothing is flushed. */
export function createKillAt(point: CrashPoint, occurrence = 1): CrashPoints {
  let seen = 0;
  return {
    reached(name) {
      if (name !== point) return;
      seen += 1;
      if (seen === occurrence) process.kill(process.pid, 'SIGKILL');
    },
  };
}

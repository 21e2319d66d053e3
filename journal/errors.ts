/** Clients may read this. */
export class InvalidCursorError extends Error {
  override readonly name = 'InvalidCursorError';
  readonly code = 'INVALID_CURSOR';
  readonly expose = true;

  constructor(cursor: string) {
    super(
      `"${cursor.slice(0, 40)}" is no cursor of this journal. Use the cursor of the last event that you received, or none to begin now.`,
    );
  }
}

/** Clients may read this. A live reader gets a Gap instead. */
export class CursorExpiredError extends Error {
  override readonly name = 'CursorExpiredError';
  readonly code = 'CURSOR_EXPIRED';
  readonly expose = true;

  constructor(cursor: string, prunedTo: string) {
    super(
      `Events after cursor ${cursor} are no longer kept. Read the current state from the graph, then go on after cursor ${prunedTo}.`,
    );
  }
}

/** This project's bug: an outcome is recorded once. */
export class CommandNotUnsettledError extends Error {
  override readonly name = 'CommandNotUnsettledError';
  readonly code = 'COMMAND_NOT_UNSETTLED';

  constructor(transitionId: string) {
    super(`Command ${transitionId} is unknown or already settled. Read it before settling or deferring it.`);
  }
}

/** Nothing was written or read: the database cannot be reached, refuses work, or its disk is full. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
  readonly code = 'STORE_UNAVAILABLE';
  readonly expose = true;
  readonly retryable = true;

  constructor(store: string, why: string, options?: ErrorOptions) {
    super(`The store "${store}" is unavailable: ${why}. Nothing was written; try again with the same key.`, options);
  }
}

/** The connection broke while the commit was under way: it happened wholly or not at all, and nobody here knows which. */
export class CommitOutcomeUnknownError extends Error {
  override readonly name = 'CommitOutcomeUnknownError';
  readonly code = 'COMMIT_OUTCOME_UNKNOWN';
  readonly expose = true;
  readonly retryable = true;

  constructor(store: string, options?: ErrorOptions) {
    super(
      `The store "${store}" was lost while it committed. Read back by the idempotency key before trying again.`,
      options,
    );
  }
}

/** A transaction was used after its `work` had ended. This is our bug: something was not awaited. */
export class TransactionEndedError extends Error {
  override readonly name = 'TransactionEndedError';
  readonly code = 'TRANSACTION_ENDED';

  constructor() {
    super('This transaction has ended. Await every query inside the function that was given to write().');
  }
}

export class DataDirectoryInUseError extends Error {
  override readonly name = 'DataDirectoryInUseError';
  readonly code = 'DATA_DIRECTORY_IN_USE';

  constructor(dataDir: string, options?: ErrorOptions) {
    super(
      `Another process is using the data directory ${dataDir}. Stop it, or give this one its own ANDON_DATA_DIR. ` +
        'Several processes share one store only on PostgreSQL (DATABASE_URL).',
      options,
    );
  }
}

export class DataDirectoryUnusableError extends Error {
  override readonly name = 'DataDirectoryUnusableError';
  readonly code = 'DATA_DIRECTORY_UNUSABLE';

  constructor(dataDir: string, options?: ErrorOptions) {
    super(
      `The data directory ${dataDir} cannot be created or written. Give this user write permission, or set ANDON_DATA_DIR to a folder that it owns.`,
      options,
    );
  }
}

export class DataDirectoryCorruptError extends Error {
  override readonly name = 'DataDirectoryCorruptError';
  readonly code = 'DATA_DIRECTORY_CORRUPT';

  constructor(place: string, options?: ErrorOptions) {
    super(
      `${place} is damaged or is no database of Andon. Nothing was changed. Restore the whole data directory from a backup: an empty journal would know of no hold.`,
      options,
    );
  }
}

export class DataDirectoryTooNewError extends Error {
  override readonly name = 'DataDirectoryTooNewError';
  readonly code = 'DATA_DIRECTORY_TOO_NEW';

  constructor(place: string, unknownMigrations: readonly string[]) {
    super(
      `${place} was written by a newer Andon (it has ${unknownMigrations.join(', ')}, which this build does not know). ` +
        'Nothing was changed. Start the newer version, or restore a backup made before the upgrade.',
    );
  }
}

/** A read-only opening found no store, or one that still has to be migrated by a process that may write. */
export class StoreNotReadyError extends Error {
  override readonly name = 'StoreNotReadyError';
  readonly code = 'STORE_NOT_READY';

  constructor(place: string, options?: ErrorOptions) {
    super(`${place} does not exist yet, or waits for an upgrade. Start Andon once, then try again.`, options);
  }
}

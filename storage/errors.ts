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

  /** @param why as the operating system says it */
  constructor(dataDir: string, why: string, options?: ErrorOptions) {
    super(
      `The data directory ${dataDir} cannot be created or written: ${why}. Give this user write permission, or set ANDON_DATA_DIR to a folder that it owns.`,
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

/** What is wrong with a store beside another one. */
const mismatches = {
  NEW: (one: string, other: string) => `${one} is new or was emptied, but ${other} has been in use.`,
  FOREIGN: (one: string, other: string) => `${one} belongs to another installation than ${other}.`,
  OLDER: (one: string, other: string) => `${one} is an older copy than ${other}.`,
} as const;

/** The stores were not written together: one was emptied, exchanged, or restored without the others. */
export class StoresDoNotBelongTogetherError extends Error {
  override readonly name = 'StoresDoNotBelongTogetherError';
  readonly code = 'STORES_DO_NOT_BELONG_TOGETHER';

  constructor(mismatch: keyof typeof mismatches, one: { readonly place: string }, other: { readonly place: string }) {
    super(
      `${mismatches[mismatch](one.place, other.place)} Holds that stand could stop nothing, so nothing was started. ` +
        'Restore every store from one and the same backup; to begin again from nothing instead, remove all of them.',
    );
  }
}

/** The store can be read but not written. */
export class StoreReadOnlyError extends Error {
  override readonly name = 'StoreReadOnlyError';
  readonly code = 'STORE_READ_ONLY';

  constructor(place: string, remedy: string, options?: ErrorOptions) {
    super(`${place} can be read but not written. ${remedy}`, options);
  }
}

/** The database of `DATABASE_URL` cannot be worked with. The message has no password. */
export class DatabaseUnusableError extends Error {
  override readonly name = 'DatabaseUnusableError';
  readonly code = 'DATABASE_UNUSABLE';

  constructor(why: string, remedy: string, options?: ErrorOptions) {
    super(`The database in DATABASE_URL cannot be used: ${why}. ${remedy}`, options);
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

/** A page of a list in the order of its rows' keys. */
export interface PageRequest {
  /** At most so many rows. */
  readonly first: number;
  /** The key of the row before the page; null: from the start. */
  readonly after: string | null;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly hasNextPage: boolean;
}

/** The rows that a reader may see at all, whatever it filters for. */
export interface RowScope {
  /** Null: every plant. */
  readonly plantCodes: readonly string[] | null;
  /** Null: the plant's own people, who see rows of every partner and of none. */
  readonly partner: string | null;
}

/** What a read may be told besides. */
export interface ReadOptions {
  /** Aborted when nobody waits for the answer any more. */
  readonly signal?: AbortSignal;
}

/** What a reader gets instead of silence when its cursor is older than what the journal keeps. */
export interface Gap {
  readonly gap: true;
  /** The cursor that was asked for. */
  readonly from: string;
  /** The cursor from which everything follows again. */
  readonly to: string;
}

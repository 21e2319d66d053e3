/** A field of the graph and its system of record, by their names. */
export interface OwnedField {
  readonly type: string;
  readonly field: string;
  readonly system: string;
}

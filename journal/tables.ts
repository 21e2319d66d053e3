/** The journal's tables, as Kysely sees them; `migrations.ts` makes them. JSON is stored as text on both dialects. */
export interface JournalTables {
  readonly journal_event: Record<string, never>;
}

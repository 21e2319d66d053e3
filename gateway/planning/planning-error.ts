/** Why an operation has no plan, and the sentence that clients read. */
const sentences = {
  PLANNING_FAILED: 'No plan answers this operation.',
  PLANNING_TIMEOUT: 'This operation takes too long to plan. Ask for fewer fields, fewer levels or fewer types.',
  PLANNING_OVERLOADED: 'Too many new operations arrive at once. Try again later.',
  PLAN_LOSES_VALUES:
    'Two fields of this operation need one field of another subgraph with different arguments. Ask for them in separate operations.',
} as const;

/** The planner found no way to answer, or would need something that this engine does not run. */
export class PlanningError extends Error {
  readonly code: keyof typeof sentences;

  /** @param sentence replaces the sentence of the code where a more exact one helps */
  constructor(
    code: PlanningError['code'],
    { sentence = sentences[code], cause }: { readonly sentence?: string; readonly cause?: unknown } = {},
  ) {
    super(sentence, { cause });
    this.name = 'PlanningError';
    this.code = code;
  }
}

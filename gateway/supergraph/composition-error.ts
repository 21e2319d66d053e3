/** One thing that is wrong with the subgraphs, in the words that its author needs. */
export interface CompositionProblem {
  /** Stable, from the composition library or from the owner checks. */
  readonly code: string;
  /** Those that it concerns; none where it is about all of them together. */
  readonly subgraphs: readonly string[];
  /** `file:line`, or the file alone where the line is unknown. */
  readonly location: string;
  readonly message: string;
  readonly remedy: string;
}

export class CompositionError extends Error {
  readonly code = 'COMPOSITION_FAILED';
  readonly problems: readonly CompositionProblem[];

  constructor(problems: readonly CompositionProblem[]) {
    super(`The supergraph does not compose:\n${problems.map(describeProblem).join('\n')}`);
    this.name = 'CompositionError';
    this.problems = problems;
  }
}

function describeProblem({ code, subgraphs, location, message, remedy }: CompositionProblem): string {
  const whose = subgraphs.length > 0 ? `[${subgraphs.join(', ')}] ` : '';
  return `  ${location}: ${whose}${code}: ${message}\n    ${remedy}`;
}

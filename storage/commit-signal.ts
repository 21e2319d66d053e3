/** Who wants to know of commits. A listener that throws is this project's bug and must not fail a commit: it is reported. */
export class CommitSignal {
  readonly #listeners = new Set<() => void>();
  readonly #report: (error: unknown) => void;

  constructor(report: (error: unknown) => void) {
    this.#report = report;
  }

  add(listener: () => void): () => void {
    const own = () => listener(); // the same function may listen twice
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  fire(): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener();
      } catch (error) {
        this.#report(error);
      }
    }
  }
}

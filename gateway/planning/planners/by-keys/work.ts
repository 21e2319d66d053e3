/** The plan would take longer than this planner may. */
export class TooLarge extends Error {
  constructor() {
    super('The operation is too large to be planned by keys.');
    this.name = 'TooLarge';
  }
}

/** What a plan may take: fields that are looked at, one for each type and place. */
export class Work {
  #left: number;

  constructor(max: number) {
    this.#left = max;
  }

  /** @throws TooLarge */
  spend(fields: number): void {
    this.#left -= fields;
    if (this.#left < 0) throw new TooLarge();
  }
}

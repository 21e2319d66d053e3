/** A number for each thing that is told apart from others, by which texts can name it. */
export class Ids {
  readonly #ids = new Map<unknown, number>();

  of(value: unknown): number {
    const id = this.#ids.get(value) ?? this.#ids.size;
    this.#ids.set(value, id);
    return id;
  }
}

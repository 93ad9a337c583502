/** Items of a stream with the largest scores. Memory holds `count` items. */
export class Top<Item> {
  readonly #count: number;
  /** In the order of the scores, the largest first. */
  readonly #items: { readonly score: number; readonly item: Item }[] = [];

  /** @param count Number of items to keep. */
  constructor(count: number) {
    this.#count = count;
  }

  /**
   * Adds an item. Of items with equal scores, the first stay.
   * @param make Called only if the score is among the largest so far.
   */
  add(score: number, make: () => Item): void {
    const isFull = this.#items.length >= this.#count;
    if (isFull && !(score > (this.#items.at(-1)?.score ?? Number.POSITIVE_INFINITY))) return;
    const after = this.#items.findIndex((other) => other.score < score);
    const added = { score, item: make() };
    this.#items.splice(after < 0 ? this.#items.length : after, 0, added);
    if (this.#items.length > this.#count) this.#items.pop();
  }

  /** Returns the items, that with the largest score first. */
  result(): Item[] {
    return this.#items.map(({ item }) => item);
  }
}

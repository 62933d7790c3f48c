// A set that costs nothing until something is put into it: most steps change one thing, or none.

export class LazySet<T> {
  #items: Set<T> | undefined;

  add(item: T): void {
    this.#items ??= new Set();
    this.#items.add(item);
  }

  delete(item: T): void {
    this.#items?.delete(item);
  }

  /** In order of their adding; what is added on the way comes too, if there was anything at the start. */
  items(): Iterable<T> {
    return this.#items ?? NOTHING;
  }
}

const NOTHING: readonly never[] = [];

// A binary min-heap, for queues ordered by time.

export type Heap<T> = {
  readonly size: () => number;
  readonly push: (item: T) => void;
  readonly peek: () => T | undefined;
  readonly pop: () => T | undefined;
};

/** @param less a strict order; equal items come out in no promised order, so make the order total where it matters. */
export function heap<T>(less: (a: T, b: T) => boolean): Heap<T> {
  const items: T[] = [];
  const swap = (i: number, j: number): void => {
    const held = items[i] as T;
    items[i] = items[j] as T;
    items[j] = held;
  };
  const before = (i: number, j: number): boolean => less(items[i] as T, items[j] as T);
  const up = (from: number): void => {
    for (let i = from; i > 0; ) {
      const parent = (i - 1) >> 1;
      if (!before(i, parent)) return;
      swap(i, parent);
      i = parent;
    }
  };
  const down = (): void => {
    for (let i = 0; ; ) {
      const left = 2 * i + 1;
      if (left >= items.length) return;
      const right = left + 1;
      const child = right < items.length && before(right, left) ? right : left;
      if (!before(child, i)) return;
      swap(i, child);
      i = child;
    }
  };
  return {
    size: () => items.length,
    push: (item) => {
      items.push(item);
      up(items.length - 1);
    },
    peek: () => items[0],
    pop: () => {
      const top = items[0];
      const last = items.pop();
      if (items.length > 0 && last !== undefined) {
        items[0] = last;
        down();
      }
      return top;
    },
  };
}

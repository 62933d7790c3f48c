// The heap gives back everything, least first, however pushes and pops mix.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { heap } from '../../../src/lib/heap.ts';

const numbers = () => heap<number>((a, b) => a < b);

describe('heap', () => {
  it('is empty at first', () => {
    const queue = numbers();
    expect([queue.size(), queue.peek(), queue.pop(), queue.size()]).toEqual([0, undefined, undefined, 0]);
  });

  it('sorts what is pushed', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (items) => {
        const queue = numbers();
        for (const item of items) queue.push(item);
        expect(items.map(() => queue.pop())).toEqual(items.toSorted((a, b) => a - b));
        expect(queue.size()).toBe(0);
      }),
    );
  });

  it('agrees with a sorted list while pushes and pops mix', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer({ min: 0, max: 20 }))), (operations) => {
        const queue = numbers();
        const list: number[] = [];
        for (const item of operations) {
          if (item === null) expect(queue.pop()).toBe(list.shift());
          else {
            queue.push(item);
            list.push(item);
            list.sort((a, b) => a - b);
          }
          expect(queue.peek()).toBe(list[0]);
          expect(queue.size()).toBe(list.length);
        }
      }),
    );
  });

  it('orders by the whole of a composite key', () => {
    type Due = { readonly at: number; readonly id: string };
    const queue = heap<Due>((a, b) => a.at < b.at || (a.at === b.at && a.id < b.id));
    for (const id of ['c', 'a', 'd', 'b']) queue.push({ at: 5, id });
    queue.push({ at: 4, id: 'z' });
    expect([queue.pop(), queue.pop(), queue.pop()].map((due) => due?.id)).toEqual(['z', 'a', 'b']);
  });
});

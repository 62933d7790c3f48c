import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Inbox, inbox, type Page } from '../../../src/client/inbox.ts';
import { VicinalError } from '../../../src/client/vicinal-error.ts';
import type { UserEvent } from '../../../src/protocol/views.ts';

const event = (seq: number): UserEvent => ({ seq, type: 'question.dormant', at: '', data: {} }) as unknown as UserEvent;

/** A service that keeps events until they are acknowledged, and an app that notes what it sees. */
function world({ owed = [] as number[], after = 0, fails = new Set<number>() } = {}) {
  const handled: number[] = [];
  const errors: unknown[] = [];
  let kept = owed;
  let fetches = 0;
  const box: Inbox = inbox(after, {
    fetchAfter: async (seq) => {
      fetches += 1;
      const items = kept
        .filter((n) => n > seq)
        .slice(0, 3)
        .map(event);
      return { items };
    },
    handle: async ({ seq }) => {
      if (fails.delete(seq)) throw new Error(`cannot handle ${seq}`);
      await Promise.resolve();
      handled.push(seq);
    },
    acknowledge: async (seq) => {
      kept = kept.filter((n) => n > seq);
    },
    onError: (error) => errors.push(error),
    random: () => 0.5,
  });
  return {
    box,
    handled,
    errors,
    kept: () => kept,
    owe: (...more: number[]) => {
      kept = [...kept, ...more];
    },
    fetches: () => fetches,
  };
}

describe('the inbox of a client', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('hands on pushed events in order, each once, and acknowledges after the handler', async () => {
    const { box, handled, kept, owe } = world();
    owe(1, 2, 3);
    for (const seq of [1, 2, 2, 1, 3, 3]) box.push(event(seq));
    await vi.runAllTimersAsync();
    expect(handled).toEqual([1, 2, 3]);
    expect(kept()).toEqual([]);
    expect(box.seq()).toBe(3);
  });

  it('fills a gap from the service before it goes on', async () => {
    const { box, handled, owe } = world();
    owe(1, 2, 3, 4, 5);
    box.push(event(1));
    box.push(event(5));
    await vi.runAllTimersAsync();
    expect(handled).toEqual([1, 2, 3, 4, 5]);
  });

  it('reads on to the last page', async () => {
    const { box, handled } = world({ owed: [1, 2, 3, 4, 5, 6, 7, 8] });
    await box.catchUp();
    await vi.runAllTimersAsync();
    expect(handled).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('hands on an event once that is pushed while it is being fetched', async () => {
    const { box, handled } = world({ owed: [1, 2, 3] });
    const fetching = box.catchUp();
    box.push(event(1));
    await fetching;
    await vi.runAllTimersAsync();
    expect(handled).toEqual([1, 2, 3]);
  });

  it('passes over numbers that another device has acknowledged', async () => {
    const { box, handled } = world({ owed: [7, 8] });
    await box.catchUp();
    await vi.runAllTimersAsync();
    expect(handled).toEqual([7, 8]);
  });

  it('goes on after the number it was given', async () => {
    const { box, handled } = world({ owed: [4, 5, 6], after: 5 });
    box.push(event(5));
    await box.catchUp();
    await vi.runAllTimersAsync();
    expect(handled).toEqual([6]);
  });

  it('gives a handler that throws the same event again, and acknowledges nothing meanwhile', async () => {
    const { box, handled, errors, kept, owe } = world({ fails: new Set([2]) });
    owe(1, 2, 3);
    for (const seq of [1, 2, 3]) box.push(event(seq));
    await vi.advanceTimersByTimeAsync(1);
    expect(handled).toEqual([1]);
    expect(kept()).toEqual([1, 2, 3]);
    await vi.runAllTimersAsync();
    expect(handled).toEqual([1, 2, 3]);
    expect(errors).toHaveLength(1);
    expect(kept()).toEqual([]);
  });

  it('shares one run between calls at once, and runs again for the later ones', async () => {
    const { box, handled, owe, fetches } = world();
    const runs = [box.catchUp(), box.catchUp(), box.catchUp()];
    owe(1);
    await Promise.all(runs);
    await vi.runAllTimersAsync();
    expect(handled).toEqual([1]);
    expect(fetches()).toBeLessThanOrEqual(4);
  });

  it('hands on nothing after it was closed', async () => {
    const { box, handled } = world({ owed: [1] });
    box.close();
    box.push(event(1));
    await box.catchUp();
    await vi.runAllTimersAsync();
    expect(handled).toEqual([]);
  });
});

describe('what a handler cannot take', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function handling(pages: readonly Page[], handle: (event: UserEvent) => Promise<void>, after = 0) {
    const acknowledged: number[] = [];
    const errors: unknown[] = [];
    const left = [...pages];
    const box = inbox(after, {
      fetchAfter: async () => left.shift() ?? { items: [] },
      handle,
      acknowledge: async (seq) => void acknowledged.push(seq),
      onError: (error) => void errors.push(error),
      random: () => 0.5,
    });
    return { box, acknowledged, errors };
  }
  const offered = (seq: number, type: UserEvent['type'], id: string): UserEvent =>
    ({ seq, type, at: '', data: { id } }) as unknown as UserEvent;

  it('a final refusal counts as handled: the events behind it come, and it is reported once', async () => {
    const handled: number[] = [];
    const gone = new VicinalError({ code: 'offer_gone', status: 409 });
    const { box, acknowledged, errors } = handling([{ items: [1, 2, 3].map(event) }], async ({ seq }) => {
      if (seq === 1) throw gone;
      handled.push(seq);
    });
    await box.catchUp();
    await vi.runAllTimersAsync();
    expect(handled).toEqual([2, 3]);
    expect(errors).toEqual([gone]);
    expect(acknowledged).toEqual([3]);
  });

  it.each([
    ['a busy service', new VicinalError({ code: 'busy', status: 503 })],
    ['a handler of its own', new Error('no disk')],
  ])('what may pass is tried five times, then given up: %s', async (_, error) => {
    let tries = 0;
    const { box, errors, acknowledged } = handling([{ items: [event(1), event(2)] }], async ({ seq }) => {
      if (seq !== 1) return;
      tries += 1;
      throw error;
    });
    await box.catchUp();
    await vi.runAllTimersAsync();
    expect(tries).toBe(5);
    expect(errors).toHaveLength(5);
    expect(acknowledged).toEqual([2]);
  });

  it('an offer that ended in the same page is not handed on as new, what became of it is', async () => {
    const seen: string[] = [];
    const items = [
      offered(1, 'offer.made', 'a'),
      offered(2, 'offer.made', 'b'),
      offered(3, 'offer.expired', 'a'),
      offered(4, 'offer.made', 'c'),
    ];
    const { box } = handling([{ items }], async ({ type, data }) => {
      seen.push(`${type} ${(data as { id: string }).id}`);
    });
    await box.catchUp();
    await vi.runAllTimersAsync();
    expect(seen).toEqual(['offer.made b', 'offer.expired a', 'offer.made c']);
  });

  it('STREAM3 begins anew where the service says that it has no such number', async () => {
    const handled: number[] = [];
    const pages: Page[] = [{ items: [event(1), event(2)], reset: true }];
    const { box, acknowledged } = handling(pages, async ({ seq }) => void handled.push(seq), 90);
    await box.catchUp();
    await vi.runAllTimersAsync();
    expect(handled).toEqual([1, 2]);
    expect(box.seq()).toBe(2);
    expect(acknowledged).toEqual([2]);
    box.push(event(3));
    await vi.runAllTimersAsync();
    expect(handled).toEqual([1, 2, 3]);
  });

  it('STREAM3 hands on the first event of a page that begins anew while an old one is being handled', async () => {
    const handled: number[] = [];
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const pages: Page[] = [{ items: [event(91)] }, { items: [] }, { items: [event(1), event(2)], reset: true }];
    const { box } = handling(
      pages,
      async ({ seq }) => {
        if (seq === 91) await held;
        handled.push(seq);
      },
      90,
    );
    await box.catchUp();
    await box.catchUp();
    release();
    await vi.runAllTimersAsync();
    expect(handled).toEqual([91, 1, 2]);
    expect(box.seq()).toBe(2);
  });
});

// What a user was told, and that they were told nothing twice.
import { expect } from 'vitest';
import type { VicinalClient } from '../../../src/client/client.ts';
import type { UserEvent } from '../../../src/protocol/views.ts';

/** Everything in the inbox: what was not acknowledged. */
export async function inbox(client: VicinalClient): Promise<readonly UserEvent[]> {
  const all: UserEvent[] = [];
  for (;;) {
    const { items } = await client.events({ after: all.at(-1)?.seq ?? 0 });
    if (items.length === 0) return all;
    all.push(...items);
  }
}

export const numbers = (events: readonly UserEvent[]): readonly number[] => events.map(({ seq }) => seq);

/** The id of what an event tells: of its offer, or of its question. */
export function idOf(data: UserEvent['data']): string {
  return 'question' in data ? data.question.id : data.id;
}

/** No event about the same thing twice: with one answer wanted, none of them can happen again. */
export function expectNothingTwice(events: readonly UserEvent[]): void {
  const once = events
    .filter(({ type }) => type !== 'question.dormant')
    .map(({ type, data }) => `${type} ${idOf(data)}`);
  expect(once.filter((what, at) => once.indexOf(what) !== at)).toEqual([]);
}

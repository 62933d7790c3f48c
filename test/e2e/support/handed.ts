// What the app of a client is handed: every event once, in order, but for offers that had ended before they were heard of.
import { expect } from 'vitest';
import type { OfferView, UserEvent } from '../../../src/protocol/views.ts';

/** Nothing else is passed over, whose end is not handed on either. */
export function expectHandedOn(events: readonly UserEvent[], user: string): void {
  const seqs = events.map(({ seq }) => seq);
  expect(seqs, user).toEqual([...new Set(seqs)].toSorted((a, b) => a - b));
  const idsOf = (...types: readonly string[]): readonly OfferView['id'][] =>
    events.filter(({ type }) => types.includes(type)).map(({ data }) => (data as OfferView).id);
  const made = new Set(idsOf('offer.made'));
  const passedOver = idsOf('offer.withdrawn', 'offer.expired').filter((id) => !made.has(id));
  expect((seqs.at(-1) ?? 0) - seqs.length, user).toBe(passedOver.length);
}

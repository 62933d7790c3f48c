// Holds as a record carries them: what questions say of them, and the offers that they show.
import { type EpochMs, plusMs } from '../lib/brand.ts';
import { iso } from '../lib/iso.ts';
import type { HoldRecord, OfferChange, UserRecord } from '../messages/records.ts';
import type { OfferView } from '../protocol/views.ts';

/** A hold for an offer of which nothing was kept: the question says that it is live. */
export function holdOf({ id, state, view, leftMs }: OfferChange): HoldRecord | undefined {
  if (view === undefined || (state !== 'pending' && state !== 'accepted')) return undefined;
  const { questionId, text, topic, lat, lng, distanceM, expiresAt } = view;
  return {
    offerId: id,
    questionId,
    state,
    text,
    ...(topic === undefined ? {} : { topic }),
    point: { lat, lng },
    distanceM,
    leftMs,
    expiresAt,
  };
}

/** @param agedMs since the times that the holds have left were counted */
export function changedHolds(
  holds: readonly HoldRecord[],
  changes: readonly OfferChange[],
  agedMs: number,
): readonly HoldRecord[] {
  let next = holds;
  for (const change of changes) {
    const { id, state } = change;
    const before = next.find(({ offerId }) => offerId === id);
    const others = next.filter(({ offerId }) => offerId !== id);
    if (state !== 'pending' && state !== 'accepted') next = others;
    else {
      const end = change.view === undefined ? {} : { expiresAt: change.view.expiresAt };
      const hold = before === undefined ? holdOf(change) : { ...before, ...end, state };
      if (hold !== undefined) next = [...others, { ...hold, leftMs: change.leftMs + agedMs }];
    }
  }
  return next;
}

/** The offers that a record's holds show. */
export const offersOf = ({ holds }: UserRecord, now: EpochMs): OfferView[] =>
  holds.flatMap(({ leftMs, ...hold }) => offerOf(hold, plusMs(now, leftMs)) ?? []);

/** What a hold shows once it is an offer. */
export function offerOf(hold: Omit<HoldRecord, 'leftMs'>, until: EpochMs): OfferView | undefined {
  if (hold.state === 'reserved') return undefined;
  return {
    id: hold.offerId,
    questionId: hold.questionId,
    state: hold.state,
    text: hold.text,
    ...(hold.topic === undefined ? {} : { topic: hold.topic }),
    lat: hold.point.lat,
    lng: hold.point.lng,
    distanceM: Math.round(hold.distanceM),
    expiresAt: hold.expiresAt ?? iso(until),
  };
}

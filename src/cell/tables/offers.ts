// Offers, as part of their question's row: what each state knows, and how one becomes another.
import type { EpochMs } from '../../lib/brand.ts';
import type { CellId, OfferId, UserId } from '../../protocol/ids.ts';
import type { OfferState } from '../../protocol/views.ts';

type Common = {
  readonly id: OfferId;
  readonly user: UserId;
  /** Where the user was held when it was made. */
  readonly cell: CellId;
  readonly distanceM: number;
  readonly score: number;
  readonly triedAt: EpochMs;
};

/** Not an offer yet: the slot was asked for, and its word is waited for until then. */
export type Attempt = Common & { readonly state: 'reserving'; readonly until: EpochMs };

/** Never becomes one. */
export type VoidAttempt = Common & { readonly state: 'void' };

type Made = Common & {
  readonly madeAt: EpochMs;
  /** The time limit: of the pending offer, then of the accepted one. */
  readonly until: EpochMs;
};

export type LiveOffer = Made & { readonly state: 'pending' | 'accepted' };
export type AnsweredOffer = Made & {
  readonly state: 'answered';
  readonly answer: { readonly text: string; readonly at: EpochMs };
};
export type MadeOffer =
  | LiveOffer
  | AnsweredOffer
  | (Made & { readonly state: Exclude<OfferState, 'pending' | 'accepted' | 'answered'> });

/** An attempt to win one user, from the reserve to the end; its state decides, the hold never does. */
export type Offer = Attempt | VoidAttempt | MadeOffer;

/** Takes a slot at its user, or may take one: pending, accepted and not yet answered, or on its way. */
export function isLive(offer: Offer): offer is Attempt | LiveOffer {
  return offer.state === 'pending' || offer.state === 'accepted' || offer.state === 'reserving';
}

/** Was shown to its user. */
export function wasMade(offer: Offer): offer is MadeOffer {
  return offer.state !== 'reserving' && offer.state !== 'void';
}

// One state becomes another in place: the question's list and whoever looks at it share the offer.

export function publish(offer: Attempt, madeAt: EpochMs, until: EpochMs): LiveOffer {
  return Object.assign<Common, Pick<LiveOffer, 'state' | 'madeAt' | 'until'>>(offer, {
    state: 'pending',
    madeAt,
    until,
  });
}

export function accepted(offer: LiveOffer, until: EpochMs): LiveOffer {
  return Object.assign<Made, Pick<LiveOffer, 'state'>>(Object.assign(offer, { until }), { state: 'accepted' });
}

export function answered(offer: LiveOffer, answer: AnsweredOffer['answer']): AnsweredOffer {
  return Object.assign<Made, Pick<AnsweredOffer, 'state' | 'answer'>>(offer, { state: 'answered', answer });
}

export function ended(offer: LiveOffer, state: 'declined' | 'expired' | 'withdrawn'): MadeOffer {
  return Object.assign<Made, { readonly state: typeof state }>(offer, { state });
}

export function voided(offer: Attempt): VoidAttempt {
  return Object.assign<Common, Pick<VoidAttempt, 'state'>>(offer, { state: 'void' });
}

/** The same offer by a clock that is ahead or behind. */
export function offerBy(move: (time: EpochMs) => EpochMs, offer: Offer): Offer {
  const triedAt = move(offer.triedAt);
  if (wasMade(offer)) return { ...offer, triedAt, madeAt: move(offer.madeAt), until: move(offer.until) };
  return offer.state === 'reserving' ? { ...offer, triedAt, until: move(offer.until) } : { ...offer, triedAt };
}

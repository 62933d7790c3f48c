// The history, sorted for the checks: everything known about each question, offer and inbox, from outside.
import { type OfferId, type QuestionId, questionOf, type UserId } from '../../src/protocol/ids.ts';
import type { OfferView, QuestionView, UserEvent } from '../../src/protocol/views.ts';
import type { Deed, History } from './history.ts';

export type OfferEvidence = {
  readonly id: OfferId;
  readonly user: UserId;
  readonly madeAt: number;
  /** By an event to its user, with its time. */
  readonly ended?: { readonly how: 'offer.expired' | 'offer.withdrawn'; readonly at: number };
  /** By an answer that the question shows, or that was told to the asker. */
  readonly answeredAt?: number;
  /** When its user first tried to decline it. */
  readonly declineSentAt?: number;
};

export type Evidence = {
  /** What each user was ever sent, each number once, in the order of the numbers. */
  readonly events: ReadonlyMap<UserId, readonly UserEvent[]>;
  /** Acknowledged questions and who asked them. */
  readonly asked: ReadonlyMap<QuestionId, UserId>;
  readonly offers: ReadonlyMap<OfferId, OfferEvidence>;
  /** The last known state of each question: as its asker reads it at the end. */
  readonly views: ReadonlyMap<QuestionId, QuestionView>;
  readonly done: (verb: Deed['verb']) => readonly Deed[];
};

export const ENDED: ReadonlySet<string> = new Set(['answered', 'expired', 'cancelled']);

export const timeOf = (iso: string): number => Date.parse(iso);

export const questionIn = ({ data }: UserEvent): QuestionId =>
  'question' in data ? data.question.id : data.questionId;

export function evidenceOf(history: History): Evidence {
  const events = eventsOf(history);
  const asked = new Map<QuestionId, UserId>();
  for (const { user, outcome } of history.asks) if (outcome.t === 'done') asked.set(outcome.value.id, user);
  const views = new Map<QuestionId, QuestionView>();
  for (const list of history.final.listed.values()) for (const view of list) views.set(view.id, view);
  for (const [id, view] of history.final.questions) if (view !== undefined) views.set(id, view);
  return {
    events,
    asked,
    offers: offersOf(history, events, views),
    views,
    done: (wanted) => history.deeds.filter(({ verb, outcome }) => verb === wanted && outcome.t === 'done'),
  };
}

/** JSON with sorted names: the same event is the same text, by whatever way it came. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

function eventsOf({ members, received, final }: History): ReadonlyMap<UserId, readonly UserEvent[]> {
  const byUser = new Map<UserId, Map<number, UserEvent>>(members.map(({ user }) => [user, new Map()]));
  for (const { user, event } of received) byUser.get(user)?.set(event.seq, event);
  for (const [user, items] of final.inbox) for (const event of items) byUser.get(user)?.set(event.seq, event);
  return new Map([...byUser].map(([user, bySeq]) => [user, [...bySeq.values()].sort((a, b) => a.seq - b.seq)]));
}

function offersOf(
  { deeds }: History,
  events: Evidence['events'],
  views: Evidence['views'],
): ReadonlyMap<OfferId, OfferEvidence> {
  const answeredAt = new Map<OfferId, number>();
  for (const { answers } of views.values()) for (const { offerId, at } of answers) answeredAt.set(offerId, timeOf(at));
  const declineSentAt = new Map<OfferId, number>();
  for (const { verb, offer, sentAt } of deeds) {
    if (verb === 'decline') declineSentAt.set(offer, Math.min(sentAt, declineSentAt.get(offer) ?? sentAt));
  }
  const ended = new Map<OfferId, NonNullable<OfferEvidence['ended']>>();
  const made: { readonly id: OfferId; readonly user: UserId; readonly madeAt: number }[] = [];
  for (const [user, items] of events) {
    for (const { type, at, data } of items) {
      if (type !== 'offer.made' && type !== 'offer.expired' && type !== 'offer.withdrawn') continue;
      const { id } = data as OfferView;
      if (type === 'offer.made') made.push({ id, user, madeAt: timeOf(at) });
      else ended.set(id, { how: type, at: timeOf(at) });
    }
  }
  return new Map(
    made.map((offer) => {
      const end = ended.get(offer.id);
      const answered = answeredAt.get(offer.id);
      const declined = declineSentAt.get(offer.id);
      return [
        offer.id,
        {
          ...offer,
          ...(end === undefined ? {} : { ended: end }),
          ...(answered === undefined ? {} : { answeredAt: answered }),
          ...(declined === undefined ? {} : { declineSentAt: declined }),
        },
      ];
    }),
  );
}

/** Offers that somebody has said, at any time, to be accepted, by question: by a reply, or by an event to the asker. */
export function acceptedOf({ deeds }: History, { events, views }: Evidence): ReadonlyMap<QuestionId, Set<OfferId>> {
  const accepted = new Map<QuestionId, Set<OfferId>>();
  const add = (offer: OfferId): void => {
    const question = questionOf(offer);
    const known = accepted.get(question) ?? new Set<OfferId>();
    accepted.set(question, known.add(offer));
  };
  for (const { verb, offer, outcome } of deeds) if (verb !== 'decline' && outcome.t === 'done') add(offer);
  for (const items of events.values()) {
    for (const { data } of items) if ('question' in data && data.offerId !== undefined) add(data.offerId);
  }
  for (const { answers } of views.values()) for (const { offerId } of answers) add(offerId);
  return accepted;
}

import { describe, expect, it } from 'vitest';
import type { OfferId, QuestionId, UserId } from '../../../../src/protocol/ids.ts';
import type { OfferView } from '../../../../src/protocol/views.ts';
import { violationsOf } from '../../../chaos/checks.ts';
import type { Final, History } from '../../../chaos/history.ts';
import type { Violation } from '../../../chaos/violation.ts';
import {
  ACCEPT,
  ALICE,
  ALICES,
  ANSWER,
  ANSWERED,
  ASK,
  askerEvent,
  at,
  BOB,
  BOBS,
  CAROL,
  CAROLS,
  ending,
  ms,
  OFFER,
  OTHER,
  offerEvent,
  Q,
  question,
  tale,
} from './tale.ts';

const found = (history: History): readonly Violation[] => violationsOf(history);
const texts = (history: History): readonly string[] => found(history).map(({ rule, text }) => `${rule} ${text}`);
const finally_ = (change: Partial<Final>): Partial<History> => ({ final: { ...tale().final, ...change } });

describe('the checks over a history', () => {
  it('have nothing to say where all is well', () => {
    expect(texts(tale())).toEqual([]);
  });

  describe('of what is kept', () => {
    it('KEEP1: a question that was acknowledged and is not there is lost', () => {
      expect(found(ending(undefined))).toContainEqual(expect.objectContaining({ rule: 'KEEP1', kind: 'lost' }));
    });

    it('KEEP1: an end that contradicts the answers', () => {
      expect(texts(ending(question({ state: 'expired' })))).toContainEqual(
        expect.stringMatching(/^KEEP1 .*expired with 1/),
      );
      expect(texts(ending(question({ answers: [] })))).toContainEqual(
        expect.stringMatching(/^KEEP1 .*answered with 0/),
      );
    });

    it('KEEP1: a cancel that nobody asked for, one that was undone, one that was refused without a reason', () => {
      expect(texts(ending(question({ state: 'cancelled' })))).toContainEqual(
        expect.stringMatching(/^KEEP1 .*did not cancel/),
      );
      const cancel = { user: ALICE, question: Q, outcome: { t: 'done', value: {} } } as const;
      expect(texts(tale({}, { cancels: [cancel] }))).toEqual([
        expect.stringMatching(/^KEEP1 the cancel .*is answered/),
      ]);
      const refused = { ...cancel, outcome: { t: 'refused', code: 'unknown_question' } } as const;
      expect(texts(tale({}, { cancels: [refused] }))).toEqual([expect.stringMatching(/^KEEP1 .*unknown_question/)]);
      const late = { ...cancel, outcome: { t: 'refused', code: 'question_ended' } } as const;
      expect(texts(tale({}, { cancels: [late] }))).toEqual([]);
    });

    it('KEEP1: a question that its asker’s list does not have', () => {
      expect(texts(tale({}, finally_({ listed: new Map() })))).toEqual([expect.stringMatching(/^KEEP1 .*not among/)]);
    });

    it('KEEP1: an answer that is gone or another', () => {
      const other = question({ answers: [{ ...ANSWER, text: 'there' }] });
      expect(texts(ending(other))).toEqual([expect.stringMatching(/^KEEP1 the answer .*is there/)]);
      const none = question({ state: 'expired', answers: [] });
      expect(texts(ending(none))).toContainEqual(expect.stringMatching(/^KEEP1 the answer .*gone/));
    });
  });

  describe('of who wins', () => {
    it('ONE1: more accepts than answers wanted, acknowledged or told', () => {
      const second = { ...ACCEPT, user: CAROL, offer: OTHER };
      const double = found(tale({}, { deeds: [ACCEPT, ANSWERED, second] })).filter(({ rule }) => rule === 'ONE1');
      expect(double).toContainEqual(expect.objectContaining({ kind: 'doubleAccept' }));
      const told = [...ALICES.slice(0, 1), askerEvent(2, 'question.matched', 3, question(), OTHER)];
      expect(found(tale({ alice: told }))).toContainEqual(expect.objectContaining({ kind: 'doubleAccept' }));
    });

    it('ONE1: an accept that was withdrawn, unheard of, or a decline too', () => {
      const withdrawn = [...BOBS, offerEvent(2, 'offer.withdrawn', 3)];
      expect(texts(tale({ bob: withdrawn }))).toEqual([expect.stringMatching(/^ONE1 bob accepted .*withdrawn/)]);
      const silent = ending(question({ state: 'expired', answers: [] }), { deeds: [ACCEPT] });
      expect(texts(silent)).toContainEqual(expect.stringMatching(/^ONE1 bob accepted .*heard nothing/));
      const both = tale({}, { deeds: [ACCEPT, ANSWERED, { ...ACCEPT, verb: 'decline', sentAt: ms(5) }] });
      expect(texts(both)).toEqual([expect.stringMatching(/^ONE1 .*accepted, and declined/)]);
    });

    it('ONE1: refusals that only a service that forgot would give', () => {
      const refused = (verb: 'accept' | 'answer', code: string) =>
        texts(tale({}, { deeds: [ACCEPT, ANSWERED, { ...ACCEPT, verb, outcome: { t: 'refused', code } }] }));
      expect(refused('accept', 'unknown_offer')).toEqual([expect.stringMatching(/^ONE1 .*unknown_offer/)]);
      expect(refused('answer', 'offer_not_accepted')).toEqual([expect.stringMatching(/^ONE1 .*offer_not_accepted/)]);
      expect(refused('accept', 'offer_gone')).toEqual([]);
      expect(refused('answer', 'question_ended')).toEqual([]);
    });
  });

  describe('of capacity', () => {
    const P = 'q-9q8yyk8-bbbbbbbb.1' as OfferId;
    const both = (from: number, to: number) => [
      ...BOBS,
      offerEvent(2, 'offer.made', from, P),
      offerEvent(3, 'offer.expired', to, P),
    ];

    it('ONE2: two live offers where one is the most', () => {
      expect(texts(tale({ bob: both(3, 6) }))).toEqual([expect.stringMatching(/^ONE2 bob can take 1/)]);
      // The answer at 4 frees the slot in that moment.
      expect(texts(tale({ bob: both(4, 7) }))).toEqual([]);
    });

    it('ONE2: a decline may have freed the slot as soon as it was sent', () => {
      const declined = { ...ACCEPT, verb: 'decline', user: CAROL, offer: OTHER, outcome: { t: 'unknown' } } as const;
      const carol = [CAROLS[0]!, offerEvent(2, 'offer.made', 2, P), offerEvent(3, 'offer.expired', 5, P)];
      expect(texts(tale({ carol }))).toContainEqual(expect.stringMatching(/^ONE2 carol can take 1/));
      const rules = found(tale({ carol }, { deeds: [ACCEPT, ANSWERED, declined] })).map(({ rule }) => rule);
      expect(rules).not.toContain('ONE2');
    });

    it('ONE2: two live offers for one question', () => {
      const bob = [...BOBS, offerEvent(2, 'offer.made', 3, OTHER), offerEvent(3, 'offer.expired', 6, OTHER)];
      const members = [ALICE, BOB, CAROL].map((user) => ({ user, capacity: 3 }));
      expect(texts(tale({ bob, carol: [] }, { members }))).toEqual([expect.stringMatching(/^ONE2 bob has .*at once/)]);
    });
  });

  describe('of inboxes', () => {
    it('KEEP2: two events under one number', () => {
      const received = [...tale().received, { user: BOB, event: offerEvent(1, 'offer.made', 2) }];
      expect(found(tale({}, { received }))).toContainEqual(expect.objectContaining({ kind: 'duplicateEvent' }));
      const again = [...tale().received, ...tale().received];
      expect(texts(tale({}, { received: again }))).toEqual([]);
    });

    it('KEEP2: one thing told twice', () => {
      const carol = [...CAROLS, { ...CAROLS[1]!, seq: 3 }];
      expect(found(tale({ carol }))).toContainEqual(
        expect.objectContaining({
          rule: 'KEEP2',
          kind: 'duplicateEvent',
          text: expect.stringMatching(/as 2 and as 3/),
        }),
      );
    });

    it('KEEP2: a gap in the numbers', () => {
      const carol = [CAROLS[0]!, { ...CAROLS[1]!, seq: 3 }];
      expect(texts(tale({ carol }))).toContainEqual(expect.stringMatching(/^KEEP2 carol has event 3 where 2/));
    });

    it('KEEP2: events of a question out of order, after its end, or of an offer that was not made', () => {
      const swapped = ALICES.map((event, i) => ({ ...ALICES[1 - i]!, seq: event.seq }));
      const complaints = texts(tale({ alice: swapped }));
      expect(complaints).toContainEqual(expect.stringMatching(/^KEEP2 .*happened before/));
      expect(complaints).toContainEqual(
        expect.stringMatching(/^KEEP2 .*question.matched \(2\) after question.answered/),
      );
      const carol = [{ ...CAROLS[1]!, seq: 1 }];
      expect(texts(tale({ carol }))).toEqual([expect.stringMatching(/^KEEP2 .*which was not made/)]);
    });

    it('KEEP2: an app that was handed less, or in another order', () => {
      const handed = (user: UserId, ...seqs: readonly number[]) =>
        texts(tale({}, { handled: new Map<UserId, readonly number[]>([...tale().handled, [user, seqs]]) }));
      expect(handed(CAROL, 1)).toEqual([expect.stringMatching(/^KEEP2 the app of carol .* the last 1 of 2 events/)]);
      expect(handed(CAROL, 2, 1)).toEqual([expect.stringMatching(/^KEEP2 .*event 1 after event 2/)]);
      expect(handed(CAROL, 1, 1, 2)).toEqual([expect.stringMatching(/^KEEP2 .*event 1 after event 1/)]);
      expect(handed(ALICE, 2)).toEqual([expect.stringMatching(/^KEEP2 .*event 2 and never event 1, question.matched/)]);
      // The offer has ended by the time it is heard of.
      expect(handed(CAROL, 2)).toEqual([]);
      expect(handed(CAROL)).toEqual([expect.stringMatching(/^KEEP2 .* the last 1 of 2 events/)]);
    });

    it('KEEP2: an event that left the inbox unacknowledged', () => {
      const inbox = new Map([...tale().final.inbox, [CAROL, CAROLS.slice(1)] as const]);
      expect(texts(tale({}, finally_({ inbox })))).toEqual([expect.stringMatching(/^KEEP2 event 1 of carol is gone/)]);
    });

    it('KEEP2: an asker who is not told of a match, an answer or the end; a winner who was never asked', () => {
      const unmatched = [{ ...ALICES[1]!, seq: 1 }];
      expect(texts(tale({ alice: unmatched }))).toEqual([
        expect.stringMatching(/^KEEP2 .*never told question.matched/),
      ]);
      expect(texts(tale({ alice: ALICES.slice(0, 1) }))).toEqual([
        expect.stringMatching(/^KEEP2 .*never told question.answered/),
        expect.stringMatching(/^KEEP2 .*never told that .* is answered/),
      ]);
      expect(texts(tale({ bob: [] }))).toEqual([expect.stringMatching(/^KEEP2 bob accepted .*does not have/)]);
    });
  });

  it('ONCE1: one key that is two questions, and one with another body that is not refused', () => {
    const id = 'q-9q8yyk8-bbbbbbbb' as QuestionId;
    const again = { ...ASK, kind: 'again', outcome: { t: 'done', value: { id, answersWanted: 1 } } } as const;
    expect(texts(tale({}, { asks: [ASK, again] }))).toContainEqual(expect.stringMatching(/^ONCE1 key k1 .* both/));
    const other = { ...ASK, kind: 'other' } as const;
    expect(texts(tale({}, { asks: [ASK, other] }))).toEqual([expect.stringMatching(/^ONCE1 .*another body gave/)]);
    const refused = { ...other, outcome: { t: 'refused', code: 'key_reused' } } as const;
    expect(texts(tale({}, { asks: [ASK, { ...ASK, kind: 'again' }, refused] }))).toEqual([]);
    const stolen = { ...ASK, key: 'k2', text: 'else' };
    expect(texts(tale({}, { asks: [ASK, stolen] }))).toEqual([expect.stringMatching(/^ONCE1 .* is both/)]);
  });

  it('LIVE1: what has not ended', () => {
    const open = question({ state: 'matched', answers: [] });
    expect(texts(ending(open, { deeds: [ACCEPT] }))).toContainEqual(expect.stringMatching(/^LIVE1 .*is matched/));
    const id = 'q-9q8yyk8-bbbbbbbb' as QuestionId;
    const listed = new Map([[ALICE, [question(), question({ id, state: 'open', answers: [] })]]]);
    expect(texts(tale({}, finally_({ listed })))).toEqual([expect.stringMatching(/^LIVE1 .*of alice is open/)]);
    expect(texts(tale({ carol: CAROLS.slice(0, 1) }))).toEqual([expect.stringMatching(/^LIVE1 .*never ended/)]);
  });

  it('LIVE1: live offers at the end, as their user or the cell sees them', () => {
    const left = new Map([[BOB, [{ id: OFFER } as OfferView]]]);
    expect(texts(tale({}, finally_({ offers: left })))).toEqual([
      expect.stringMatching(/^LIVE1 bob .*among the offers/),
    ]);
    expect(texts(tale({}, finally_({ held: left })))).toEqual([expect.stringMatching(/^LIVE1 bob .*in the cell/)]);
  });

  it('LIVE1, EDGE1: calls without an answer, faults, and refusals of good questions', () => {
    const unknown = { ...ASK, key: 'k2', outcome: { t: 'unknown' } } as const;
    expect(texts(tale({}, { asks: [ASK, unknown] }))).toEqual([expect.stringMatching(/^LIVE1 .*no definite answer/)]);
    const refused = { ...ASK, key: 'k2', outcome: { t: 'refused', code: 'bad_field' } } as const;
    expect(texts(tale({}, { asks: [ASK, refused] }))).toEqual([expect.stringMatching(/^EDGE1 .*bad_field/)]);
    const faults = [{ user: BOB, status: 500, call: 'GET /v1/offers', body: `{"at":"${at(1)}"}` }];
    expect(texts(tale({}, { faults }))).toEqual([expect.stringMatching(/^EDGE1 GET \/v1\/offers of bob got 500/)]);
  });
});

// The life of an offer as a table: what each request does in each state, and that it is remembered.
import { describe, expect, it } from 'vitest';
import type { CellReply } from '../../../src/messages/calls.ts';
import type { OfferState } from '../../../src/protocol/views.ts';
import { type CellHarness, cellHarness } from '../support/cell-harness.ts';
import { ana, at, bob, cem, newQuestion, oid, qid } from '../support/names.ts';

const TTL_MS = 30_000;
const said = (reply: CellReply): string =>
  'code' in reply ? reply.code : reply.t === 'offer' ? reply.view.state : reply.t;

type Verb = 'accept' | 'decline' | 'answer';
const act = (cell: CellHarness, t: Verb, text = 'there', user = bob): CellReply => {
  const offerId = cell.offerOf(qid(), bob);
  return cell.request(t === 'answer' ? { t, offerId, user, text } : { t, offerId, user });
};

/** A cell whose offer to bob is in the given state. */
function inState(state: OfferState): CellHarness {
  const cell = cellHarness();
  cell.ping(bob);
  cell.request({ t: 'ask', question: newQuestion() });
  if (state === 'accepted' || state === 'answered') act(cell, 'accept');
  if (state === 'answered') act(cell, 'answer');
  if (state === 'declined') act(cell, 'decline');
  if (state === 'expired') cell.advance(TTL_MS);
  if (state === 'withdrawn') cell.request({ t: 'cancel', id: qid(), user: ana });
  expect(cell.question(qid()).offers[0]?.state).toBe(state);
  return cell;
}

describe('an offer', () => {
  it.each([
    ['pending', 'accept', 'accepted'],
    ['pending', 'decline', 'declined'],
    ['pending', 'answer', 'offer_not_accepted'],
    ['accepted', 'accept', 'accepted'],
    ['accepted', 'decline', 'offer_accepted'],
    ['accepted', 'answer', 'answered'],
    ['answered', 'accept', 'answered'],
    ['answered', 'decline', 'offer_answered'],
    ['answered', 'answer', 'answered'],
    ['declined', 'accept', 'offer_declined'],
    ['declined', 'decline', 'declined'],
    ['declined', 'answer', 'offer_declined'],
    ['expired', 'accept', 'offer_gone'],
    ['expired', 'decline', 'offer_gone'],
    ['expired', 'answer', 'offer_gone'],
    ['withdrawn', 'accept', 'offer_gone'],
    ['withdrawn', 'decline', 'offer_gone'],
    ['withdrawn', 'answer', 'offer_gone'],
  ] as const)('OFFER1 that is %s says to %s: %s, and again the same, over a restart too', (state, verb, outcome) => {
    const cell = inState(state);
    const first = act(cell, verb);
    expect(said(first)).toBe(outcome);
    const events = cell.events(ana, qid());
    expect(act(cell, verb)).toEqual(first);
    cell.restart();
    expect(act(cell, verb)).toEqual(first);
    expect(cell.events(ana, qid()), 'nobody is told twice').toEqual(events);
  });

  it('OFFER1 answered with another text is refused', () => {
    const cell = inState('answered');
    expect(act(cell, 'answer', 'elsewhere')).toMatchObject({ code: 'offer_answered' });
    expect(cell.question(qid()).offers[0]).toMatchObject({ answer: { text: 'there' } });
  });

  it.each(['accept', 'decline', 'answer'] as const)('%s: is nothing that others may know of', (verb) => {
    const cell = inState('pending');
    expect(act(cell, verb, 'x', cem)).toMatchObject({ code: 'unknown_offer' });
    const stray = { offerId: oid(77), user: bob };
    expect(cell.request(verb === 'answer' ? { t: verb, ...stray, text: 'x' } : { t: verb, ...stray })).toMatchObject({
      code: 'unknown_offer',
    });
    expect(cell.question(qid()).offers[0]?.state).toBe('pending');
  });

  it('KEEP2 tells the asker of the match and of the answer, with what they need to know', () => {
    const cell = inState('answered');
    expect(cell.events(ana, qid())).toEqual(['question.matched', 'question.answered']);
    const last = cell.items(ana, qid()).at(-1);
    expect(last).toMatchObject({
      question: { state: 'answered' },
      event: {
        type: 'question.answered',
        data: { answer: { offerId: oid(1), text: 'there' }, offerId: oid(1), question: { state: 'answered' } },
      },
    });
  });

  it('expires to the millisecond, before anything else in the step', () => {
    const cell = inState('pending');
    cell.setNow(cell.now() + TTL_MS);
    expect(said(act(cell, 'accept'))).toBe('offer_gone');
    expect(cell.events(bob, qid())).toEqual(['offer.made', 'offer.expired']);
  });

  it('ONE1 lasts as long as its question once it was accepted', () => {
    const cell = cellHarness();
    cell.ping(bob);
    cell.request({ t: 'ask', question: newQuestion({ expiresInMs: 240_000 }) });
    cell.request({ t: 'accept', offerId: cell.offerOf(qid(), bob), user: bob });
    expect(cell.question(qid()).offers[0]).toMatchObject({ state: 'accepted', until: cell.question(qid()).expiresAt });
  });

  it('never outlives its question', () => {
    const cell = cellHarness();
    cell.ping(bob);
    cell.request({ t: 'ask', question: newQuestion({ expiresInMs: 12_000 }) });
    expect(cell.question(qid()).offers[0]).toMatchObject({ until: cell.now() + 12_000 });
    cell.advance(12_000);
    expect(cell.events(bob, qid())).toEqual(['offer.made', 'offer.expired']);
  });

  it('ONE1 that was accepted stays so when the holder says that its user has gone, having heard of no accept', () => {
    const cell = inState('accepted');
    const offerId = cell.offerOf(qid(), bob);
    expect(cell.request({ t: 'absent', offerId, user: bob })).toMatchObject({ t: 'state', live: true });
    expect(cell.question(qid())).toMatchObject({ phase: { t: 'matched' }, offers: [{ state: 'accepted' }] });
    expect(act(cell, 'answer')).toMatchObject({ view: { state: 'answered' } });
  });

  it('that was accepted expires with its question', () => {
    const cell = inState('accepted');
    cell.advance(900_000);
    expect(cell.question(qid())).toMatchObject({ phase: { t: 'expired' }, offers: [{ state: 'expired' }] });
    expect(cell.resident(bob)?.holds.size).toBe(0);
    expect(cell.events(bob, qid())).toEqual(['offer.made', 'offer.expired']);
  });

  it('OFFER1 goes to the next one after a decline, and never twice to the same user', () => {
    const cell = cellHarness({ policy: { offers: { spare: 0 }, cooldownMs: 0 } });
    cell.ping(bob, { point: at(10) });
    cell.ping(cem, { point: at(500) });
    cell.request({ t: 'ask', question: newQuestion() });
    expect(cell.events(cem, qid())).toEqual([]);
    act(cell, 'decline');
    expect(cell.events(cem, qid())).toEqual(['offer.made']);
    cell.request({ t: 'decline', offerId: cell.offerOf(qid(), cem), user: cem });
    cell.advance(300_000);
    expect(cell.question(qid()).offers.map(({ user }) => user)).toEqual([bob, cem]);
  });

  it('keeps whoever declined or ran out off other questions while they rest', () => {
    const cell = inState('declined');
    cell.request({ t: 'ask', question: newQuestion({ id: qid(2) }) });
    expect(cell.events(bob, qid(2))).toEqual([]);
    // The end of a rest is an arrival.
    const restMs = (cell.resident(bob)?.coolUntil ?? 0) - cell.now();
    cell.advance(restMs - 1);
    expect(cell.events(bob, qid(2))).toEqual([]);
    cell.advance(1);
    expect(cell.events(bob, qid(2))).toEqual(['offer.made']);
  });
});

describe('limits', () => {
  it('offers are made to as many as answers are wanted and the policy spares, the best first', () => {
    const cell = cellHarness({ policy: { offers: { spare: 2 } } });
    const users = ['u1', 'u2', 'u3', 'u4', 'u5'] as never[];
    users.forEach((user, i) => {
      cell.ping(user, { point: at(100 * (i + 1)) });
    });
    cell.request({ t: 'ask', question: newQuestion() });
    expect(cell.question(qid()).offers.map(({ user, state }) => [user, state])).toEqual([
      ['u1', 'pending'],
      ['u2', 'pending'],
      ['u3', 'pending'],
    ]);
  });

  it('no more offers than the policy allows for the life of a question', () => {
    const cell = cellHarness({ policy: { offers: { spare: 0, max: 2, ttlMs: 1000 } } });
    for (const [i, user] of ['u1', 'u2', 'u3', 'u4'].entries()) cell.ping(user as never, { point: at(100 * i) });
    cell.request({ t: 'ask', question: newQuestion() });
    cell.advance(600_000);
    expect(cell.question(qid()).offers).toHaveLength(2);
    expect(cell.question(qid()).phase.t).toBe('dormant');
    cell.advance(300_000);
    expect(cell.question(qid()).phase.t).toBe('expired');
  });
});

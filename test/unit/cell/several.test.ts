// Questions that want several answers, users who take several questions, and who is told that they are too late.
import { describe, expect, it } from 'vitest';
import type { UserId } from '../../../src/protocol/ids.ts';
import { type CellHarness, cellHarness } from '../support/cell-harness.ts';
import { ana, at, bob, cem, dee, newQuestion, qid } from '../support/names.ts';

const accept = (cell: CellHarness, user: UserId, n = 1) =>
  cell.request({ t: 'accept', offerId: cell.offerOf(qid(n), user), user });
const answer = (cell: CellHarness, user: UserId) =>
  cell.request({ t: 'answer', offerId: cell.offerOf(qid(), user), user, text: `by ${user}` });

function three(answersWanted: number, spare = 1): CellHarness {
  const cell = cellHarness({ policy: { offers: { spare } } });
  [bob, cem, dee].forEach((user, i) => {
    cell.ping(user, { point: at(100 * (i + 1)) });
  });
  cell.request({ t: 'ask', question: newQuestion({ answersWanted }) });
  return cell;
}

describe('answersWanted', () => {
  it('ONE1 is never exceeded: the rest is withdrawn, and who is late hears that enough people have already accepted', () => {
    const cell = three(2);
    const late = cell.offerOf(qid(), dee);
    accept(cell, bob);
    expect(cell.events(ana, qid())).toEqual(['question.matched']);
    expect(cell.question(qid()).phase.t).toBe('open');
    accept(cell, cem);
    expect(cell.question(qid()).phase.t).toBe('matched');
    expect(cell.events(dee, qid())).toEqual(['offer.made', 'offer.withdrawn']);
    expect(cell.request({ t: 'accept', offerId: late, user: dee })).toMatchObject({ code: 'offer_gone' });
    expect(cell.resident(dee)?.holds.size).toBe(0);
  });

  it('ONE1 an accept is durable and final: after a restart too nobody takes its place', () => {
    const cell = three(1);
    accept(cell, cem);
    cell.restart();
    expect(accept(cell, cem)).toMatchObject({ view: { state: 'accepted' } });
    expect(cell.request({ t: 'accept', offerId: cell.offerOf(qid(), bob), user: bob })).toMatchObject({
      code: 'offer_gone',
    });
    cell.advance(120_000);
    expect(cell.question(qid()).offers.map(({ state }) => state)).toEqual(['withdrawn', 'accepted']);
  });

  it('each answer is told, the last one wanted ends the question', () => {
    const cell = three(2);
    for (const user of [bob, cem]) accept(cell, user);
    answer(cell, cem);
    expect(cell.request({ t: 'question', id: qid(), user: ana })).toMatchObject({
      view: { state: 'matched', answers: [{ text: 'by cem' }] },
    });
    answer(cell, bob);
    expect(cell.request({ t: 'question', id: qid(), user: ana })).toMatchObject({
      view: { state: 'answered', answers: [{ text: 'by bob' }, { text: 'by cem' }] },
    });
    expect(cell.events(ana, qid())).toEqual([
      'question.matched',
      'question.matched',
      'question.answered',
      'question.answered',
    ]);
  });

  it('a short question makes the offers it can and goes on looking for the others', () => {
    const cell = three(5, 0);
    expect(cell.question(qid())).toMatchObject({ phase: { t: 'open', retryAt: cell.now() + 5000 } });
    expect(cell.events(ana, qid()), 'it is not dormant').toEqual([]);
    cell.ping('eva' as UserId);
    expect(cell.events('eva' as UserId, qid())).toEqual(['offer.made']);
  });

  it('cancelling withdraws pending offers and ends accepted ones, and frees every slot', () => {
    const cell = three(2);
    accept(cell, bob);
    cell.request({ t: 'cancel', id: qid(), user: ana });
    expect(cell.question(qid()).offers.map(({ state }) => state)).toEqual(['expired', 'withdrawn', 'withdrawn']);
    for (const user of [bob, cem, dee]) expect(cell.resident(user)?.holds.size).toBe(0);
  });
});

describe('capacity', () => {
  it('ONE2 no offer goes beyond it, however many questions ask', () => {
    const cell = cellHarness({ policy: { cooldownMs: 0 } });
    cell.ping(bob, { profile: { capacity: 2 } });
    for (const n of [1, 2, 3]) cell.request({ t: 'ask', question: newQuestion({ id: qid(n) }) });
    expect(cell.resident(bob)?.holds.size).toBe(2);
    expect(cell.question(qid(3)).phase.t).toBe('dormant');
    accept(cell, bob, 1);
    expect(cell.resident(bob)?.holds.size, 'an accepted offer keeps its slot').toBe(2);
    cell.request({ t: 'cancel', id: qid(2), user: ana });
    expect(cell.events(bob, qid(3)), 'a slot that is freed is an arrival').toEqual(['offer.made']);
  });

  it('ONE2 lowering it ends no offer, and none is made until there is room', () => {
    const cell = cellHarness({ policy: { cooldownMs: 0 } });
    cell.ping(bob, { profile: { capacity: 2 } });
    for (const n of [1, 2, 3]) cell.request({ t: 'ask', question: newQuestion({ id: qid(n) }) });
    cell.ping(bob, { profile: { capacity: 1 } });
    expect(cell.resident(bob)?.holds.size).toBe(2);
    cell.request({ t: 'cancel', id: qid(1), user: ana });
    expect(cell.events(bob, qid(3))).toEqual([]);
    cell.request({ t: 'cancel', id: qid(2), user: ana });
    expect(cell.events(bob, qid(3))).toEqual(['offer.made']);
  });

  it('ONE2 capacity 0 takes no offers', () => {
    const cell = cellHarness();
    cell.ping(bob, { profile: { capacity: 0 } });
    cell.request({ t: 'ask', question: newQuestion() });
    expect(cell.question(qid()).offers).toEqual([]);
  });

  it('ONE2 nobody has two live offers of one question', () => {
    const cell = cellHarness();
    cell.ping(bob, { profile: { capacity: 5 } });
    cell.request({ t: 'ask', question: newQuestion({ answersWanted: 3 }) });
    cell.ping(bob, { profile: { capacity: 6 } });
    cell.advance(25_000);
    expect(cell.question(qid()).offers).toHaveLength(1);
  });
});

// A crash after any step changes nothing that was promised: one story, told once for every place where the object may die.
import { describe, expect, it } from 'vitest';
import { type CellHarness, cellHarness } from '../support/cell-harness.ts';
import { ana, at, bob, candidate, cem, dee, EAST, newQuestion, qid } from '../support/names.ts';

const scouts = ({ request, address }: CellHarness['sent'][number]) =>
  request.t === 'scout' && address.to === 'cell' && address.cell === EAST && !request.need.excluded.includes(dee)
    ? ({ t: 'scouted', candidates: [candidate(dee, EAST)], beacon: true } as const)
    : undefined;

/** Accepts on a live offer, whatever number it got. */
const take = (user: typeof bob) => (cell: CellHarness) => {
  const id = cell.offerOf(qid(), user);
  cell.request({ t: 'accept', offerId: id, user });
};

/** Each step may be the last before a crash. Held-up answers are asked for again, as the edge and other objects do. */
const STORY: readonly ((cell: CellHarness) => void)[] = [
  (cell) => cell.ping(bob, { profile: { capacity: 1 }, ttlMs: 3_000_000 }),
  (cell) => cell.ping(cem, { point: at(300), ttlMs: 3_000_000 }),
  (cell) =>
    cell.request({ t: 'ask', question: newQuestion({ answersWanted: 3, radiusM: 3000, expiresInMs: 600_000 }) }),
  (cell) => cell.advance(12_000),
  (cell) => {
    for (const send of [...cell.open]) if (send.request.t === 'reserve') cell.answer(send, { t: 'held' });
  },
  take(bob),
  (cell) => cell.request({ t: 'decline', offerId: cell.offerOf(qid(), cem), user: cem }),
  (cell) => cell.request({ t: 'answer', offerId: cell.offerOf(qid(), bob), user: bob, text: 'one' }),
  (cell) => cell.advance(120_000),
  (cell) => cell.request({ t: 'patch', id: qid(), user: ana, point: at(50) }),
  (cell) => cell.advance(600_000),
  (cell) => cell.advance(86_400_000),
];

function tell(dieAfter: number): CellHarness {
  const cell = cellHarness({ policy: { pointAgeMaxMs: 3_600_000 }, respond: scouts });
  STORY.forEach((act, i) => {
    act(cell);
    if (i === dieAfter) cell.restart();
    if (i === 9) {
      expect(cell.question(qid()).offers.filter(({ state }) => state === 'answered')).toHaveLength(1);
    }
    if (i === 10) expect(cell.question(qid()).phase.t).toBe('answered');
  });
  return cell;
}

describe('a crash', () => {
  it.each(STORY.map((_, i) => i))('KEEP1 ONE1 KEEP2 after step %i loses nothing', (dieAfter) => {
    const whole = tell(-1);
    const cell = tell(dieAfter);
    // Bob was made an offer once, accepted and answered; each was told once and in order.
    expect(cell.events(bob, qid())).toEqual(whole.events(bob, qid()));
    expect(cell.known(bob, qid()), 'that it was made, accepted and answered').toBe(3);
    expect(cell.known(cem, qid())).toBe(whole.known(cem, qid()));
    expect(cell.events(ana, qid()).filter((type) => type !== 'question.dormant')).toEqual(
      whole.events(ana, qid()).filter((type) => type !== 'question.dormant'),
    );
    for (const user of [ana, bob, cem, dee]) {
      expect(cell.items(user, qid()).map(({ n }) => n)).toEqual(cell.items(user, qid()).map((_, i) => i + 1));
      expect(cell.gaps(user), 'nothing was passed over').toEqual([]);
    }
    expect(cell.resident(bob)?.holds.size).toBe(0);
    expect(cell.resident(bob)?.inbox?.events.size, 'not acknowledged yet').toBe(1);
    expect(cell.state().questions.size, 'ended, paid, and dropped a day later').toBe(0);
  });

  it('KEEP1 right after the answer to an ask: the question is there, and goes on by itself', () => {
    const cell = cellHarness({ manual: ['scout', 'deliver'] });
    cell.request({ t: 'ask', question: newQuestion({ radiusM: 3000 }) });
    cell.restart();
    expect(cell.request({ t: 'question', id: qid(), user: ana })).toMatchObject({ view: { state: 'open' } });
    expect(
      cell.open.map(({ request }) => request.t),
      'its asker is told',
    ).toEqual(['deliver']);
    expect(cell.store.alarm()).toBeLessThanOrEqual(cell.now() + 8800);
  });

  it('KEEP1 many in a row are as one', () => {
    const cell = cellHarness();
    cell.ping(bob);
    cell.request({ t: 'ask', question: newQuestion() });
    for (let i = 0; i < 5; i++) cell.restart();
    cell.request({ t: 'accept', offerId: cell.offerOf(qid(), bob), user: bob });
    for (let i = 0; i < 5; i++) cell.restart();
    expect(cell.events(bob, qid())).toEqual(['offer.made']);
    expect(cell.question(qid()).phase.t).toBe('matched');
  });
});

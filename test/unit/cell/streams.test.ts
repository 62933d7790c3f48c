// What a question owes its people: numbered for each of them, sent in order, repeated until it is stored.
import { describe, expect, it } from 'vitest';
import type { StreamItem } from '../../../src/messages/records.ts';
import { type CellHarness, cellHarness, type Responder } from '../support/cell-harness.ts';
import { ana, bob, candidate, EAST, newQuestion, qid, user } from '../support/names.ts';

const to = (cell: CellHarness, user = ana) =>
  cell
    .sentOf('deliver')
    .flatMap(({ request }) => (request.t === 'deliver' && request.user === user ? [request.items] : []));
const numbers = (items: readonly StreamItem[] | undefined) => items?.map(({ n }) => n);
const ask = { t: 'ask', question: newQuestion() } as const;

/** Bob is held in the next cell. */
const bobIsEast: Responder = ({ request, address }) =>
  request.t === 'scout' && address.to === 'cell' && address.cell === EAST && !request.need.excluded.includes(bob)
    ? { t: 'scouted', candidates: [candidate(bob, EAST)], beacon: true }
    : undefined;

describe('a stream', () => {
  it('KEEP2 is numbered from 1 without gaps, for each user apart', () => {
    const cell = cellHarness();
    cell.ping(bob);
    cell.request(ask);
    cell.request({ t: 'accept', offerId: cell.offerOf(qid(), bob), user: bob });
    cell.request({ t: 'answer', offerId: cell.offerOf(qid(), bob), user: bob, text: 'x' });
    expect(numbers(cell.items(ana, qid()))).toEqual([1, 2, 3]);
    // Bob's record lies here: it was told in the same steps, and no call was made.
    expect(to(cell, bob)).toEqual([]);
    expect(cell.known(bob, qid())).toBe(3);
    expect(cell.question(qid()).streams.get(bob)).toMatchObject({ next: 4, acked: 3, items: [] });
  });

  it('KEEP2 says of an offer what it says in the row of the question, in this order', () => {
    const cell = cellHarness({ manual: ['deliver', 'reserve'], respond: bobIsEast });
    cell.request({ t: 'ask', question: newQuestion({ radiusM: 3000 }) });
    cell.answer('reserve', { t: 'held' });
    cell.request({ t: 'accept', offerId: cell.offerOf(qid(), bob), user: bob });
    cell.request({ t: 'answer', offerId: cell.offerOf(qid(), bob), user: bob, text: 'x' });
    const owed = cell.question(qid()).streams.get(bob)?.items ?? [];
    expect(owed.map(({ n, offer, event }) => [n, offer?.state, event?.type])).toEqual([
      [1, 'pending', 'offer.made'],
      [2, 'accepted', undefined],
      [3, 'answered', undefined],
    ]);
  });

  it('KEEP2 has one call in flight; what comes meanwhile follows behind it', () => {
    const cell = cellHarness({ manual: ['deliver'] });
    cell.request(ask);
    cell.request({ t: 'cancel', id: qid(), user: ana });
    expect(to(cell).map(numbers)).toEqual([[1, 2]]);
    cell.answer('deliver', { t: 'stored', upTo: 2 });
    expect(to(cell).map(numbers)).toEqual([[1, 2], [3]]);
  });

  it('BOUND1 ends a call at 64 KiB, and goes on behind its last item', () => {
    const cell = cellHarness({
      manual: ['deliver'],
      respond: ({ request }) =>
        request.t === 'deliver' && request.user !== ana
          ? { t: 'stored', upTo: request.items.at(-1)?.n ?? 0 }
          : undefined,
    });
    const text = '€'.repeat(2000);
    const people = Array.from({ length: 20 }, (_, n) => user(`answerer-${n}`));
    for (const one of people) cell.ping(one);
    cell.request({ t: 'ask', question: newQuestion({ answersWanted: 20 }) });
    const offers = people.map((one) => ({ user: one, offerId: cell.offerOf(qid(), one) }));
    for (const offer of offers) cell.request({ t: 'accept', ...offer });
    for (const offer of offers) cell.request({ t: 'answer', ...offer, text });
    const sent: StreamItem[] = [];
    while (sent.at(-1)?.n !== 41) {
      const items = to(cell).at(-1) ?? [];
      expect(new TextEncoder().encode(JSON.stringify(items)).length).toBeLessThanOrEqual(64 * 1024);
      sent.push(...items);
      cell.answer('deliver', { t: 'stored', upTo: items.at(-1)?.n ?? 0 });
    }
    expect(numbers(sent)).toEqual(Array.from({ length: 41 }, (_, n) => n + 1));
    expect(cell.question(qid()).streams.get(ana)?.items).toEqual([]);
  });

  it('KEEP2 repeats what was not stored, later each time, everything that is owed in order', () => {
    const cell = cellHarness({ manual: ['deliver'] });
    cell.request(ask);
    const at: number[] = [];
    const from = cell.now();
    for (let i = 0; i < 10; i++) {
      cell.answer('deliver', { t: 'failed' });
      while (cell.open.every(({ request }) => request.t !== 'deliver')) cell.advance(250);
      at.push(cell.now() - from);
    }
    const gaps = at.map((time, i) => time - (at[i - 1] ?? 0));
    expect(gaps).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000]);
    cell.request({ t: 'cancel', id: qid(), user: ana });
    cell.answer('deliver', { t: 'failed' });
    cell.advance(60_000);
    expect(numbers(to(cell).at(-1))).toEqual([1, 2, 3]);
  });

  it('KEEP2 goes on after a crash with all that was not acknowledged', () => {
    const cell = cellHarness({ manual: ['deliver'] });
    cell.request(ask);
    cell.restart();
    expect(to(cell).map(numbers)).toEqual([
      [1, 2],
      [1, 2],
    ]);
    cell.answer('deliver', { t: 'stored', upTo: 2 });
    cell.request({ t: 'cancel', id: qid(), user: ana });
    expect(numbers(to(cell).at(-1))).toEqual([3]);
  });

  it('KEEP2 what was stored in part goes on from there', () => {
    const cell = cellHarness({ manual: ['deliver'] });
    cell.request(ask);
    cell.answer('deliver', { t: 'stored', upTo: 1 });
    expect(to(cell).map(numbers)).toEqual([[1, 2], [2]]);
  });

  it('LIVE1 a receiver that sees a gap is asked again later, not at once for ever', () => {
    const cell = cellHarness({ manual: ['deliver'] });
    cell.request(ask);
    cell.answer('deliver', { t: 'stored', upTo: 2 });
    cell.request({ t: 'cancel', id: qid(), user: ana });
    cell.answer('deliver', { t: 'stored', upTo: 0 });
    expect(to(cell)).toHaveLength(2);
    cell.advance(1000);
    expect(to(cell)).toHaveLength(3);
  });

  it('an erased user acknowledges everything', () => {
    const cell = cellHarness({ manual: ['deliver'] });
    cell.request(ask);
    cell.answer('deliver', { t: 'problem', code: 'erased' });
    expect(cell.request({ t: 'load' })).toMatchObject({ outbox: 0 });
    cell.advance(120_000);
    expect(to(cell)).toHaveLength(1);
  });

  it('KEEP2 an answer to an earlier call acknowledges nothing', () => {
    const cell = cellHarness({ manual: ['deliver'] });
    cell.request(ask);
    const [late] = cell.open;
    cell.answer('deliver', { t: 'failed' });
    cell.advance(1000);
    if (late !== undefined) cell.answer(late, { t: 'stored', upTo: 2 });
    expect(cell.request({ t: 'load' })).toMatchObject({ outbox: 2 });
  });

  it('KEEP2 says how long its receiver must remember it: beyond the day after its end', () => {
    const cell = cellHarness();
    cell.request(ask);
    const [first] = cell.sentOf('deliver');
    expect(first?.request).toMatchObject({
      t: 'deliver',
      user: ana,
      questionId: qid(),
      keepMs: 900_000 + 2 * 86_400_000,
    });
    expect(first?.address).toEqual({ to: 'user', user: ana });
  });

  it('KEEP1 an ended question stays until everything it owes was stored, however long', () => {
    const cell = cellHarness({ manual: ['deliver'], checked: false });
    cell.request(ask);
    cell.advance(900_000);
    cell.answer('deliver', { t: 'failed' });
    for (let days = 0; days < 3; days++) {
      cell.setNow(cell.now() + 86_400_000);
      cell.step({ t: 'alarm' });
      cell.answer('deliver', { t: 'failed' });
    }
    expect(cell.state().questions.size).toBe(1);
    cell.advance(120_000);
    cell.answer('deliver', { t: 'stored', upTo: 3 });
    cell.advance(120_000);
    expect(cell.state().questions.size).toBe(0);
    expect(cell.rows('questions')).toEqual([]);
  });

  it('acknowledgements cost no rows, but one when an ended question owes nothing any more', () => {
    const cell = cellHarness({ manual: ['deliver'] });
    cell.request(ask);
    let effects = cell.answer('deliver', { t: 'stored', upTo: 2 });
    expect(effects.rows).toEqual([]);
    cell.request({ t: 'cancel', id: qid(), user: ana });
    effects = cell.answer('deliver', { t: 'stored', upTo: 3 });
    expect(effects.rows.map(({ table }) => table)).toEqual(['questions']);
  });
});

describe('a push', () => {
  it('shows events on the sockets of who is connected, and on nobody else', () => {
    const cell = cellHarness();
    cell.connect(bob);
    const event = { seq: 4, type: 'offer.made', at: '2026-11-20T00:00:00.000Z', data: {} } as never;
    cell.request({ t: 'push', user: bob, events: [event] });
    cell.request({ t: 'push', user: ana, events: [event] });
    expect(cell.frames).toMatchObject([{ user: bob, frame: { t: 'event', seq: 4, type: 'offer.made' }, close: false }]);
  });
});

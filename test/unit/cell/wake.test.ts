// Rehydration by arrivals: in the question's own cell at once, where its beacon lies by a nudge.
import { describe, expect, it } from 'vitest';
import type { Need } from '../../../src/messages/need.ts';
import { type CellHarness, cellHarness } from '../support/cell-harness.ts';
import { ana, at, bob, candidate, cem, EAST, need, newQuestion, oid, policyWith, qid, WEST } from '../support/names.ts';

const far = at(0, 2300);

describe('an arrival in the cell of a dormant question', () => {
  it.each<[string, (cell: CellHarness) => void, (cell: CellHarness) => void]>([
    ['enters', () => {}, (cell) => cell.ping(bob, { profile: { topics: ['food'] } })],
    [
      'comes into the circle',
      (cell) => cell.ping(bob, { point: far, profile: { topics: ['food'] } }),
      (cell) => cell.ping(bob, { point: at(100) }),
    ],
    [
      'comes into the circle over a socket',
      (cell) => cell.connect(bob, { point: far, profile: { topics: ['food'] } }),
      (cell) => cell.ping(bob, { point: at(100) }, true),
    ],
    [
      'gains a topic',
      (cell) => cell.ping(bob, { profile: { topics: ['cars'] } }),
      (cell) => cell.ping(bob, { profile: { topics: ['cars', 'food'] } }),
    ],
    [
      'gains a language',
      (cell) => cell.ping(bob, { profile: { languages: ['de'] } }),
      (cell) => cell.ping(bob, { profile: { languages: ['de', 'en'] } }),
    ],
    [
      'raises their capacity',
      (cell) => cell.ping(bob, { profile: { capacity: 0 } }),
      (cell) => cell.ping(bob, { profile: { capacity: 1 } }),
    ],
    [
      'frees a slot',
      (cell) => {
        cell.ping(bob);
        cell.request({ t: 'ask', question: newQuestion({ id: qid(2) }) });
        cell.request({ t: 'accept', offerId: oid(1, 2), user: bob });
      },
      (cell) => cell.request({ t: 'answer', offerId: oid(1, 2), user: bob, text: 'here' }),
    ],
    [
      'comes back after their lease ended',
      (cell) => {
        cell.ping(bob, { ttlMs: 10_000 });
        cell.advance(10_000);
      },
      (cell) => cell.ping(bob),
    ],
  ])('WAKE2 who %s is tried in that very step', (_, before, arrive) => {
    const cell = cellHarness();
    before(cell);
    cell.request({ t: 'ask', question: newQuestion({ topic: 'food', languages: ['en'], radiusM: 500 }) });
    expect(cell.question(qid()).phase.t).toBe('dormant');
    const at = cell.now();
    arrive(cell);
    expect(cell.now()).toBe(at);
    expect(cell.events(bob, qid())).toEqual(['offer.made']);
    expect(cell.question(qid()).phase.t).toBe('open');
  });

  it('WAKE2 gets the best questions for them, as many as they have slots', () => {
    const cell = cellHarness();
    for (const [n, eastM] of [
      [1, 1200],
      [2, 100],
      [3, 600],
    ] as const)
      cell.request({ t: 'ask', question: newQuestion({ id: qid(n), point: at(eastM) }) });
    cell.ping(bob, { profile: { capacity: 2 } });
    expect([...(cell.resident(bob)?.holds.values() ?? [])].map(({ questionId }) => questionId).sort()).toEqual([
      qid(2),
      qid(3),
    ]);
  });

  it('WAKE2 gets the oldest of questions that need the same', () => {
    const cell = cellHarness();
    for (const n of [3, 1, 2]) cell.request({ t: 'ask', question: newQuestion({ id: qid(n) }) });
    cell.ping(bob);
    expect([...(cell.resident(bob)?.holds.values() ?? [])].map(({ questionId }) => questionId)).toEqual([qid(3)]);
  });

  it.each([
    ['the asker', ana, {}],
    ['somebody outside the circle', bob, { point: far }],
    ['somebody of another topic', bob, { profile: { topics: ['cars'] } }],
  ] as const)('RULE1 %s is no arrival for it', (_, user, more) => {
    const cell = cellHarness();
    cell.request({ t: 'ask', question: newQuestion({ topic: 'food', radiusM: 500 }) });
    cell.ping(user, more);
    expect(cell.question(qid()).offers).toEqual([]);
  });
});

describe('an arrival at a beacon', () => {
  const scout = (more: Partial<Need> = {}, limit = 5) =>
    ({ t: 'scout', need: need(more), policy: policyWith(), limit, beaconMs: 60_000 }) as const;
  const reserve = (more: Partial<Need> = {}) =>
    ({
      t: 'reserve',
      offerId: oid(1, 1, EAST),
      user: bob,
      need: need(more),
      policy: policyWith(),
      copy: { questionId: qid(1, EAST), text: 'x', point: at() },
      holdMs: 40_000,
    }) as const;

  it('SLEEP2 finds the beacon that a scout left in its own step, over a restart too; it nudges the question', () => {
    const cell = cellHarness();
    expect(cell.request(scout())).toEqual({ t: 'scouted', candidates: [], beacon: true });
    cell.restart();
    cell.ping(bob);
    expect(cell.sentOf('nudge').map(({ address, request }) => ({ address, request }))).toMatchObject([
      {
        address: { to: 'home', key: '9q8yz00'.replace('9q8yz', EAST) },
        request: { questionId: qid(1, EAST), candidate: { user: bob } },
      },
    ]);
  });

  it('SLEEP2 none is left where enough people were found', () => {
    const cell = cellHarness();
    cell.ping(bob);
    expect(cell.request(scout({}, 1))).toMatchObject({ candidates: [{ user: bob }], beacon: false });
    expect(cell.state().beacons.size).toBe(0);
    expect(cell.request(scout({}, 2))).toMatchObject({ candidates: [{ user: bob }], beacon: true });
  });

  it('a beacon goes out by itself', () => {
    const cell = cellHarness();
    cell.request(scout());
    cell.advance(60_000);
    cell.request({ t: 'load' });
    expect(cell.state().beacons.size).toBe(0);
    expect(cell.rows('beacons')).toEqual([]);
    cell.ping(bob);
    expect(cell.sentOf('nudge')).toEqual([]);
  });

  it.each(['gone', 'full'] as const)(
    'a beacon whose question is %s goes on its word; the user is tried for the next',
    (t) => {
      const cell = cellHarness();
      cell.request(scout());
      cell.request(scout({ questionId: qid(2, EAST), point: at(300) }));
      cell.ping(bob);
      cell.ping(bob, { point: at(50) });
      expect(cell.sentOf('nudge'), 'one slot, one nudge').toHaveLength(1);
      cell.answer('nudge', { t });
      expect(cell.state().beacons.size).toBe(1);
      expect(cell.sentOf('nudge').map(({ request }) => request)).toMatchObject([
        { questionId: qid(1, EAST) },
        { questionId: qid(2, EAST) },
      ]);
    },
  );

  it('a user whom the question knows is not named to it again', () => {
    const cell = cellHarness();
    cell.request(scout());
    cell.ping(bob);
    cell.answer('nudge', { t: 'known' });
    cell.ping(bob, { point: at(50) });
    expect(cell.sentOf('nudge')).toHaveLength(1);
    cell.ping(cem);
    expect(cell.sentOf('nudge')).toHaveLength(2);
  });

  it('WAKE2 the user is free for others when the reserve has come, and when it did not come in time', () => {
    const cell = cellHarness();
    cell.request(scout());
    cell.ping(bob, { profile: { capacity: 1 } });
    cell.answer('nudge', { t: 'tried' });
    cell.request({ t: 'ask', question: newQuestion({ id: qid(5), radiusM: 500, point: at(0, 2300) }) });
    expect(cell.request(reserve())).toEqual({ t: 'held' });
    expect(cell.state().nudging.size).toBe(0);
    const other = cellHarness();
    other.request(scout());
    other.ping(bob);
    other.answer('nudge', { t: 'failed' });
    other.advance(4000);
    expect(other.sentOf('nudge'), 'told again').toHaveLength(2);
  });

  it('WAKE2 a nudge that a crash cut off is sent again', () => {
    const cell = cellHarness();
    cell.request(scout());
    cell.ping(bob);
    cell.restart();
    expect(cell.sentOf('nudge')).toHaveLength(2);
  });

  it('WAKE2 a question that has moved on does not call the same user in vain for ever', () => {
    const cell = cellHarness();
    cell.request(scout());
    cell.ping(bob);
    cell.answer('nudge', { t: 'tried' });
    expect(cell.request(reserve({ point: at(5000), version: 1 }))).toEqual({ t: 'refused', reason: 'far' });
    cell.advance(20_000);
    expect(cell.sentOf('nudge')).toHaveLength(1);
  });
});

describe('a nudge', () => {
  const nudge = (n = 1, who = bob) => ({ t: 'nudge', questionId: qid(n), candidate: candidate(who, EAST) }) as const;

  it('WAKE2 makes a dormant question try the user at once, where they are held', () => {
    const cell = cellHarness();
    cell.request({ t: 'ask', question: newQuestion({ text: 'hm?' }) });
    expect(cell.request(nudge())).toEqual({ t: 'tried' });
    expect(cell.open).toMatchObject([
      {
        address: { to: 'cell', cell: EAST },
        request: { t: 'reserve', user: bob, offerId: oid(1), copy: { text: 'hm?' } },
      },
    ]);
    cell.answer('reserve', { t: 'held' });
    expect(cell.events(bob, qid())).toEqual(['offer.made']);
    expect(cell.request(nudge())).toEqual({ t: 'known' });
  });

  it('WAKE2 is asked again when an attempt is on its way to where the user was before: it may come to nothing', () => {
    const cell = cellHarness();
    cell.request({ t: 'ask', question: newQuestion() });
    cell.request(nudge());
    const elsewhere = { t: 'nudge', questionId: qid(), candidate: candidate(bob, WEST) } as const;
    expect(cell.request(elsewhere)).toEqual({ t: 'tried' });
    expect(cell.sentOf('reserve')).toHaveLength(1);
    cell.answer('reserve', { t: 'refused', reason: 'gone' });
    expect(cell.request(elsewhere)).toEqual({ t: 'tried' });
    expect(cell.sentOf('reserve').map(({ address }) => address.to === 'cell' && address.cell)).toEqual([EAST, WEST]);
  });

  it('is told when the question needs nobody, knows the user, or is gone', () => {
    const cell = cellHarness();
    cell.ping(cem);
    cell.request({ t: 'ask', question: newQuestion() });
    expect(cell.request(nudge(1, cem))).toEqual({ t: 'known' });
    expect(cell.request(nudge())).toEqual({ t: 'full' });
    expect(cell.request(nudge(9))).toEqual({ t: 'gone' });
    cell.request({ t: 'cancel', id: qid(), user: ana });
    expect(cell.request(nudge())).toEqual({ t: 'gone' });
  });
});

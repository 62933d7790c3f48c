// Beacons: who is told of, who is passed over meanwhile, and whose need counts.
import { describe, expect, it } from 'vitest';
import { nextAlarm } from '../../../src/cell/tables/indexes.ts';
import { cellHarness } from '../support/cell-harness.ts';
import { at, bob, candidate, cem, dee, EAST, need, newQuestion, oid, policyWith, qid } from '../support/names.ts';

type Cell = ReturnType<typeof cellHarness>;

const lay = (cell: Cell, more: Parameters<typeof need>[0] = {}) =>
  cell.request({ t: 'scout', need: need(more), policy: policyWith(), limit: 5, beaconMs: 400_000 });
const nudged = (cell: Cell): readonly unknown[] =>
  cell.sentOf('nudge').map(({ request }) => (request.t === 'nudge' ? request.candidate.user : undefined));
const reserve = (more: Parameters<typeof need>[0]) =>
  ({
    t: 'reserve',
    offerId: oid(1, 1, EAST),
    user: bob,
    need: need(more),
    policy: policyWith(),
    copy: { questionId: qid(1, EAST), text: 'x', point: at() },
    holdMs: 40_000,
  }) as const;

describe('a scout', () => {
  it('SLEEP2 leaves a beacon only with fewer people than are enough, however many it asks for; callers of before say limit', () => {
    const scout = (enough?: number) => {
      const cell = cellHarness();
      cell.ping(bob);
      cell.ping(cem, { point: at(100) });
      const more = enough === undefined ? {} : { enough };
      const sent = { t: 'scout', need: need(), policy: policyWith(), limit: 5, beaconMs: 400_000, ...more } as const;
      const reply = cell.request(sent) as { candidates: readonly unknown[]; beacon: boolean };
      expect(cell.state().beacons.size).toBe(reply.beacon ? 1 : 0);
      return [reply.candidates.length, reply.beacon];
    };
    expect([scout(1), scout(2), scout(3), scout()]).toEqual([
      [2, false],
      [2, false],
      [2, true],
      [2, true],
    ]);
  });
});

describe('an arrival while somebody else is told of at the same beacon', () => {
  const twoCome = () => {
    const cell = cellHarness({ manual: ['nudge'] });
    lay(cell);
    cell.ping(bob, { point: at(100) });
    cell.ping(cem, { point: at(150) });
    expect(nudged(cell)).toEqual([bob]);
    return cell;
  };

  it('WAKE2 is checked against the beacon once the first is known to the question', () => {
    const cell = twoCome();
    cell.answer('nudge', { t: 'known' });
    expect(nudged(cell)).toEqual([bob, cem]);
  });

  it('WAKE2 is checked against it when the word was lost and the first has gone', () => {
    const cell = twoCome();
    cell.request({ t: 'recall', user: bob, epoch: 1 });
    cell.answer('nudge', { t: 'failed' });
    cell.advance(60_000);
    expect(nudged(cell)).toEqual([bob, cem]);
  });

  it('WAKE2 is checked against it when the first got the slot, should the question want more', () => {
    const cell = twoCome();
    cell.answer('nudge', { t: 'tried' });
    expect(cell.request(reserve({}))).toEqual({ t: 'held' });
    expect(nudged(cell)).toEqual([bob, cem]);
  });

  it('WAKE2 costs nothing once the question has gone', () => {
    const cell = twoCome();
    cell.answer('nudge', { t: 'gone' });
    cell.advance(60_000);
    expect(nudged(cell)).toEqual([bob]);
    expect(cell.state().passedOver.size).toBe(0);
  });
});

describe('the need that a beacon keeps', () => {
  const old = { point: at(0), version: 0 };
  const fresh = { point: at(0, 1500), radiusM: 500, version: 1 };
  const cemIsTold = (cell: Cell): boolean => {
    cell.ping(cem, { point: at(0, 1500) });
    return nudged(cell).includes(cem);
  };
  const full = (): Cell => {
    const cell = cellHarness({ manual: ['nudge'] });
    cell.ping(bob, { point: at(3000), profile: { capacity: 0 } });
    return cell;
  };

  it('WAKE2 is not taken back by a late reserve of before the question moved', () => {
    const cell = full();
    lay(cell, fresh);
    expect(cell.request(reserve(old))).toMatchObject({ t: 'refused' });
    expect(cemIsTold(cell)).toBe(true);
  });

  it('WAKE2 is not taken back by a late scout of before, which hears that a beacon is there', () => {
    const cell = full();
    lay(cell, fresh);
    expect(lay(cell, old)).toMatchObject({ t: 'scouted', beacon: true });
    cell.restart();
    expect(cemIsTold(cell)).toBe(true);
  });

  it('WAKE2 is renewed by a reserve of after it moved', () => {
    const cell = full();
    lay(cell, old);
    expect(cell.request(reserve(fresh))).toMatchObject({ t: 'refused' });
    expect(cemIsTold(cell)).toBe(true);
  });

  it('WAKE2 stays for as long as the last scout said, when the question has not changed since', () => {
    const cell = full();
    lay(cell, fresh);
    cell.advance(200_000);
    lay(cell, fresh);
    cell.advance(300_000);
    expect(cemIsTold(cell)).toBe(true);
  });

  it('WAKE2 rises with each move, stage and offer', () => {
    const cell = cellHarness({ manual: ['scout'] });
    const versions = () =>
      cell.sentOf('scout').map(({ request }) => (request.t === 'scout' ? request.need.version : undefined));
    cell.request({ t: 'ask', question: newQuestion({ radiusM: 3000 }) });
    cell.request({ t: 'patch', id: qid(), user: newQuestion().asker, point: at(0, 300) });
    cell.restart();
    cell.request({ t: 'patch', id: qid(), user: newQuestion().asker, point: at(0, 600) });
    const seen = [...new Set(versions())];
    expect(seen.length).toBeGreaterThanOrEqual(3);
    expect(seen).toEqual([...seen].sort((a, b) => (a ?? 0) - (b ?? 0)));
  });

  it('WAKE2 does not exclude whom an attempt is under way to: it may come to nothing', () => {
    const cell = cellHarness({ manual: ['scout', 'reserve'], policy: { offers: { spare: 0 } } });
    cell.request({ t: 'ask', question: newQuestion({ radiusM: 3000, answersWanted: 2 }) });
    for (let send = cell.open.find(({ request }) => request.t === 'scout'); send !== undefined; ) {
      const found =
        send.address.to === 'cell' && send.address.cell === EAST ? [candidate(dee, EAST), candidate(cem, EAST)] : [];
      cell.answer(send, { t: 'scouted', candidates: found, beacon: true });
      send = cell.open.find(({ request }) => request.t === 'scout');
    }
    const reserving = { state: 'reserving' } as const;
    expect(cell.question(qid()).offers).toMatchObject([reserving, reserving]);
    // The second is sent while the first is on its way.
    const excluded = cell.sentOf('reserve').concat(cell.sentOf('scout'));
    for (const { request } of excluded) expect(request).toMatchObject({ need: { excluded: [] } });
    const [first, second] = cell.question(qid()).offers;
    cell.answer('reserve', { t: 'held' });
    cell.answer('reserve', { t: 'refused', reason: 'gone' });
    cell.advance(600_000);
    expect(cell.sentOf('scout').at(-1)?.request).toMatchObject({ need: { excluded: [first?.user] } });
    expect(second?.state).toBe('void');
  });
});

describe('the end of a rest', () => {
  const COOL_MS = 60_000;
  const declined = () => {
    const cell = cellHarness({ policy: { cooldownMs: COOL_MS, backOff: { firstMs: 600_000, maxMs: 600_000 } } });
    cell.ping(bob, { ttlMs: 300_000 });
    cell.request({ t: 'ask', question: newQuestion() });
    cell.request({ t: 'decline', offerId: cell.offerOf(qid(), bob), user: bob });
    return cell;
  };

  it('WAKE2 is an arrival: who sleeps beside them is offered to them at once', () => {
    const cell = declined();
    cell.request({ t: 'ask', question: newQuestion({ id: qid(2) }) });
    expect(cell.question(qid(2)).offers).toEqual([]);
    cell.advance(COOL_MS - 1);
    expect(cell.question(qid(2)).offers).toEqual([]);
    cell.advance(1);
    expect(cell.events(bob, qid(2))).toEqual(['offer.made']);
  });

  it('WAKE2 is one after a restart too, and at the next event where the alarm was lost', () => {
    const cell = declined();
    cell.request({ t: 'ask', question: newQuestion({ id: qid(2) }) });
    cell.restart();
    cell.setNow(cell.now() + COOL_MS);
    cell.request({ t: 'load' });
    expect(cell.events(bob, qid(2))).toEqual(['offer.made']);
  });

  it('ALARM1 has an alarm only where somebody sleeps', () => {
    const cell = declined();
    cell.request({ t: 'cancel', id: qid(), user: newQuestion().asker });
    expect(cell.state().sleepers.size()).toBe(0);
    // The alarm that was armed for it may stand; none is armed anew.
    cell.advance(1);
    cell.ping(bob, { ttlMs: 300_000 });
    expect(nextAlarm(cell.state())).toBeGreaterThan(cell.now() + COOL_MS);
    cell.request({ t: 'ask', question: newQuestion({ id: qid(2) }) });
    expect(cell.store.alarm()).toBeLessThanOrEqual(cell.now() + COOL_MS);
  });
});

// A search by itself: which cells it asks and when, whom it offers the question to and in which order, when it waits, and how it ends.
import { describe, expect, it } from 'vitest';
import { shifted } from '../../../src/geo/shifted.ts';
import { plusMs } from '../../../src/lib/brand.ts';
import {
  type Near,
  type Next,
  type Occasion,
  Search,
  type Standing,
  type Start,
} from '../../../src/matching/search.ts';
import type { Candidate } from '../../../src/messages/records.ts';
import type { CellId, UserId } from '../../../src/protocol/ids.ts';
import { MARGIN_M } from '../../../src/protocol/limits.ts';
import { at, bob, CELL, candidate, cellId, cem, dee, need, policyWith, START } from '../support/names.ts';

/** Only the distance counts: 10 at the point itself, 0 at the edge of 1,500 m. */
const NEARNESS = policyWith({ weights: { nearness: 10, topicFit: 0, reputation: 0, idle: 0, freshness: 0 } });

/** A cell so many metres beyond the margin, as the search reckons them. */
function cell(name: string, distanceM: number): Near {
  const { lat, lng } = shifted(at(), 0, distanceM + MARGIN_M);
  return { cell: cellId(name), bounds: { minLat: lat, maxLat: lat, minLng: lng, maxLng: lng } };
}
const cells = (count: number): readonly Near[] =>
  Array.from({ length: count }, (_, i) => cell('abcdefghijkl'.charAt(i), 100 * (i + 1)));

const FIRST: Occasion = { voided: [], repeat: 0, isByTime: false };
const searchOf = (more: Partial<Start> = {}): Search =>
  new Search({
    occasion: FIRST,
    need: need(),
    policy: policyWith(),
    now: START,
    here: CELL,
    candidates: [],
    near: [],
    coOwners: [],
    stage: 0,
    ...more,
  });
const standing = (more: Partial<Standing> = {}): Standing => ({
  now: START,
  policy: NEARNESS,
  openings: 1,
  reserving: 0,
  takeScout: () => expect.unreachable('only a safety net has a budget'),
  ...more,
});

/** What it says until it waits or is done: `a` for a scout to the cell a, `+bob` for an offer, then `…`, `.` or `again`. */
function run(search: Search, more: Partial<Standing> = {}): string {
  const said: string[] = [];
  let now = standing(more);
  for (;;) {
    const next = search.next(now);
    said.push(word(next));
    if (next.t === 'wait' || next.t === 'done') return said.join(' ');
    // As an offer that is made at once.
    if (next.t === 'offer') now = { ...now, openings: now.openings - 1 };
  }
}
function word(next: Next): string {
  if (next.t === 'scout') return next.cell;
  if (next.t === 'offer') return `+${next.candidate.user}`;
  return next.t === 'wait' ? '…' : next.again === undefined ? '.' : 'again';
}

const someone = (user: UserId, score: number, where: CellId = CELL): Candidate => candidate(user, where, { score });
const answerOf = (...candidates: Candidate[]) => ({ t: 'scouted', candidates, beacon: true }) as const;
const UNLIT = { t: 'scouted', candidates: [], beacon: false } as const;
const part = (name: string): CellId => cellId(`${CELL}${name}`);
const splitInto = (...coOwners: CellId[]) => ({ t: 'scouted', candidates: [], beacon: false, coOwners }) as const;

describe('which cells it asks', () => {
  it.each<[string, Partial<Start>, Partial<Standing>, string]>([
    ['none where the circle touches none', {}, {}, '.'],
    ['the nearest first', { near: [cell('b', 200), cell('c', 300), cell('a', 100)] }, {}, 'a b c …'],
    ['of two as near the lesser name first', { near: [cell('b', 0), cell('a', -50)] }, {}, 'a b …'],
    ['six at once', { near: cells(8) }, {}, 'a b c d e f …'],
    ['those within the circle and the margin', { near: [cell('a', 1499), cell('b', 1501)] }, {}, 'a …'],
    ['never its own', { near: [{ ...cell('a', 0), cell: CELL }] }, {}, '.'],
    ['none when its time is up', { near: cells(2) }, { now: plusMs(START, 800) }, 'again'],
    ['some just before', { near: cells(2) }, { now: plusMs(START, 799) }, 'a b …'],
    ['REACH1 the nearest of too many', { near: cells(8), policy: policyWith({ scoutCellsMax: 4 }) }, {}, 'a b c d …'],
    [
      'REACH1 later others in turn',
      { near: cells(8), policy: policyWith({ scoutCellsMax: 4 }), stage: 2 },
      {},
      'a b g h …',
    ],
    [
      'co-owners of its ground besides',
      { near: cells(4), policy: policyWith({ scoutCellsMax: 1 }), coOwners: [part('1'), part('h')] },
      {},
      `a ${part('h')} ${part('1')} …`,
    ],
  ])('%s', (_, start, now, said) => {
    expect(run(searchOf(start), now)).toBe(said);
  });

  it.each<[string, number, number, number, readonly number[], string]>([
    // How far two cells are, how many offers it may make, how good those are whom it knows.
    ['nobody there could be better than the best', 150, 150, 1, [9], '+bob .'],
    ['somebody there could', 150, 150, 1, [8.9], 'a b …'],
    ['the second offer could go to somebody there', 150, 150, 2, [9], 'a b …'],
    ['the second is as good as anybody there', 150, 150, 2, [9.5, 9], '+bob +cem .'],
    ['the nearest that is left decides', 150, 600, 1, [7], 'a …'],
  ])('MATCH1 stops when %s', (_, aM, bM, openings, scores, said) => {
    const candidates = scores.map((score, i) => someone([bob, cem][i] as UserId, score));
    expect(run(searchOf({ near: [cell('a', aM), cell('b', bM)], candidates }), { openings })).toBe(said);
  });

  it('goes on as answers come, stops when they are good enough, and asks nobody once it has begun to choose', () => {
    const search = searchOf({ near: cells(9) });
    expect(run(search)).toBe('a b c d e f …');
    search.scouted(answerOf(), 1);
    expect(run(search)).toBe('g …');
    search.scouted(answerOf(someone(bob, 9.9)), 1);
    expect(run(search), 'nobody in h or i could be better').toBe('…');
    for (let left = 5; left > 0; left--) search.scouted(answerOf(), 1);
    expect(search.awaitsScouts).toBe(false);
    expect(word(search.next(standing()))).toBe('+bob');
    expect(run(search, { openings: 0, reserving: 1 })).toBe('…');
    search.refused(bob);
    expect(run(search), 'h and i are for the repeat').toBe('again');
  });

  it('asks the parts of a cell that has been split, each once', () => {
    const near = [{ cell: cellId('a'), bounds: cell('a', 0).bounds }];
    const search = searchOf({ near, coOwners: [part('h')] });
    expect(run(search)).toBe(`a ${part('h')} …`);
    search.scouted(splitInto(part('h'), part('s'), cellId('9q9'), CELL), 1);
    expect(run(search), 'and none that the circle does not touch').toBe(`${part('s')} …`);
    search.scouted(answerOf(), 1);
    search.scouted(answerOf(), 1);
    expect(run(search), 'that the cell itself took no beacon is no gap: its parts did').toBe('.');
  });

  it('tells a scout how many are wanted and how many are enough, beside those who refused, and how long it waits', () => {
    const occasion = { ...FIRST, voided: [bob, cem] };
    const scout = (afterMs: number, openings: number) =>
      searchOf({ near: cells(1), occasion }).next(standing({ now: plusMs(START, afterMs), openings }));
    expect(scout(0, 1)).toEqual({ t: 'scout', cell: 'a', limit: 7, enough: 3, timeoutMs: 800 });
    expect(scout(500, 3)).toEqual({ t: 'scout', cell: 'a', limit: 9, enough: 5, timeoutMs: 300 });
    expect(scout(799, 3), 'it gets some time however late it is').toMatchObject({ timeoutMs: 50 });
  });
});

describe('a safety net', () => {
  const net = (drawn: number, ...lit: string[]) => ({ drawn, lit: new Set(lit.map(cellId)) });
  const takeScout = () => true;
  it.each<[string, Start['safetyNet'], string]>([
    ['the nearest first where nothing is known', net(0), 'a b c d e …'],
    ['where no beacon lies first', net(0, 'a', 'c'), 'b d e a c …'],
    ['each time another of those', net(0.5, 'a', 'c'), 'd e b a c …'],
    ['the last of them too', net(0.99, 'a', 'c'), 'e b d a c …'],
    ['all of them lit: nearest first', net(0.99, 'a', 'b', 'c', 'd', 'e'), 'a b c d e …'],
  ])('CALM2 asks %s', (_, safetyNet, said) => {
    expect(run(searchOf({ near: cells(5), safetyNet }), { takeScout })).toBe(said);
  });

  it('CALM2 asks no more than it has scouts for, and leaves the rest to the beacons: no repeat', () => {
    for (const purse of [0, 2]) {
      const search = searchOf({ near: cells(5), safetyNet: net(0, 'a') });
      let left = purse;
      const budget = { takeScout: () => left-- > 0 };
      expect(run(search, budget)).toBe(purse === 0 ? '.' : 'b c …');
      for (let i = 0; i < purse; i++) search.scouted(answerOf(), 1);
      expect(run(search, budget)).toBe('.');
    }
  });

  it('spends nothing when it is decided, or has no time', () => {
    const start = { near: cells(5), safetyNet: net(0) };
    expect(run(searchOf({ ...start, candidates: [someone(bob, 10)] }))).toBe('+bob .');
    expect(run(searchOf(start), { now: plusMs(START, 800) })).toBe('again');
  });

  it('MATCH1 stops by the nearest cell that is left, not by the next in turn', () => {
    const search = searchOf({ near: cells(5), safetyNet: net(0, 'a'), candidates: [someone(bob, 9)] });
    expect(run(search, { takeScout }), 'b, at 200 m, could not do better than 9; a, at 100 m, could').toBe(
      'b c d e a …',
    );
  });
});

describe('whom it offers the question to', () => {
  const bobCemDee = [someone(bob, 9), someone(cem, 8), someone(dee, 7)];
  it.each<[string, Partial<Start>, Partial<Standing>, string]>([
    ['the best first, as many as are wanted', { candidates: bobCemDee }, { openings: 2 }, '+bob +cem .'],
    ['fewer when there are no more', { candidates: bobCemDee }, { openings: 4 }, '+bob +cem +dee .'],
    ['nobody when nobody is wanted', { candidates: bobCemDee }, { openings: 0 }, '.'],
    ['nobody while an attempt takes the last opening', { candidates: bobCemDee }, { openings: 0, reserving: 1 }, '…'],
    ['others while an attempt is under way', { candidates: bobCemDee }, { openings: 1, reserving: 1 }, '+bob …'],
    [
      'nobody who refused in the search that this one repeats',
      { candidates: bobCemDee, occasion: { ...FIRST, voided: [bob, dee] } },
      { openings: 3 },
      '+cem .',
    ],
  ])('%s', (_, start, now, said) => {
    expect(run(searchOf(start), now)).toBe(said);
  });

  it('waits for every scout before it chooses among all that they found', () => {
    const search = searchOf({ near: cells(2), candidates: [someone(cem, 8)] });
    expect(run(search)).toBe('a b …');
    search.scouted(answerOf(someone(dee, 7, cellId('a')), someone(bob, 8.5, cellId('a'))), 1);
    expect(run(search)).toBe('…');
    search.scouted(undefined, 1);
    expect(run(search, { openings: 3 })).toBe('+bob +cem +dee .');
  });

  it('keeps four beyond the offers to make', () => {
    const search = searchOf({ near: cells(1) });
    run(search);
    search.scouted(answerOf(...Array.from({ length: 9 }, (_, i) => someone(`u${i}` as UserId, i))), 2);
    expect(run(search, { openings: 9 })).toBe('+u8 +u7 +u6 +u5 +u4 +u3 .');
  });

  it('passes over who refused, wherever they are found again', () => {
    const search = searchOf({ near: cells(1), candidates: [someone(bob, 9)] });
    run(search);
    search.refused(bob);
    expect(search.joined(someone(bob, 9.5))).toBe(false);
    search.refused(cem);
    search.scouted(answerOf(someone(cem, 8)), 1);
    expect(run(search)).toBe('again');
  });
});

describe('somebody who joins', () => {
  it('is weighed with those whom it finds, as they are now', () => {
    const search = searchOf({ near: cells(1), candidates: [someone(bob, 5), someone(cem, 4)] });
    expect(run(search)).toBe('a …');
    expect(search.joined(someone(dee, 4.5))).toBe(true);
    expect(search.joined(someone(cem, 6, cellId('b'))), 'known already, elsewhere').toBe(true);
    expect(search.awaitsScouts).toBe(true);
    search.scouted(answerOf(), 1);
    expect(search.next(standing())).toEqual({ t: 'offer', candidate: someone(cem, 6, cellId('b')) });
    expect(run(search, { openings: 5 })).toBe('+bob +dee .');
  });

  it('is offered the question at once while it waits for holders alone', () => {
    const search = searchOf();
    expect(run(search, { openings: 1, reserving: 1 })).toBe('…');
    expect(search.joined(someone(bob, 1))).toBe(true);
    expect(search.awaitsScouts).toBe(false);
    expect(run(search, { openings: 1, reserving: 1 })).toBe('+bob …');
  });
});

describe('how it ends', () => {
  const asked = (occasion: Occasion, ...answers: Parameters<Search['scouted']>[0][]): Search => {
    const search = searchOf({ near: cells(answers.length), occasion });
    run(search);
    for (const answer of answers) search.scouted(answer, 1);
    return search;
  };
  const again = (repeat: number, ...voided: UserId[]) => ({ t: 'done', again: { ...FIRST, repeat, voided } });
  const done = { t: 'done', again: undefined };

  it.each<[string, Search, Partial<Standing>, unknown]>([
    ['SLEEP2 for good when every cell left its beacon', asked(FIRST, answerOf(), answerOf()), {}, done],
    ['for good when one was silent: nothing is known of it', asked(FIRST, answerOf(), undefined), {}, done],
    ['SLEEP2 to be repeated when one left none', asked(FIRST, answerOf(), UNLIT), {}, again(1)],
    [
      'SLEEP2 to be repeated when one left none, whoever it named',
      asked({ ...FIRST, voided: [bob] }, answerOf(), { ...UNLIT, candidates: [candidate(bob, cellId('b'))] }),
      {},
      again(1, bob),
    ],
    ['to be repeated for the third time', asked({ ...FIRST, repeat: 2 }, UNLIT), {}, again(3)],
    ['for good after three', asked({ ...FIRST, repeat: 3 }, UNLIT), {}, done],
    ['for good when nobody more is wanted', asked(FIRST, UNLIT), { openings: 0 }, done],
    ['for good though somebody refused before it', asked({ ...FIRST, voided: [bob] }, answerOf()), {}, done],
  ])('%s', (_, search, now, next) => {
    expect(search.next(standing(now))).toEqual(next);
  });

  it('to be repeated when somebody refused in it, without all who refused so far, and as before', () => {
    const occasion: Occasion = { voided: [bob], repeat: 1, isByTime: true };
    const search = asked(occasion, answerOf());
    search.refused(cem);
    expect(search.next(standing())).toEqual({ t: 'done', again: { voided: [bob, cem], repeat: 2, isByTime: true } });
  });

  it('to be repeated when its time was up before it had asked all', () => {
    const search = searchOf({ near: cells(7) });
    expect(run(search)).toBe('a b c d e f …');
    for (let left = 6; left > 0; left--) search.scouted(undefined, 1);
    expect(search.next(standing({ now: plusMs(START, 800) }))).toEqual(again(1));
  });
});

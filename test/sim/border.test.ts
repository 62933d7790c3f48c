// Borders must not show: whoever asks beside one is matched as soon, and by people as near, as in the middle of a cell, and as
// if there were no cells at all. The table is printed by bench/border.ts.
import { beforeAll, describe, expect, it } from 'vitest';
import { BORDER_RUN, borderRun } from '../../sim/border.ts';
import { addUp, type BorderReport, borderTable, figures, PLACES, type Place } from '../../sim/border-report.ts';
import type { UserId } from '../../src/protocol/ids.ts';
import { cellHarness } from '../unit/support/cell-harness.ts';
import { at, candidate, cem, dee, EAST, newQuestion, qid } from '../unit/support/names.ts';

const SEEDS = [1, 2, 3];
const QUESTIONS = 2500;
const MOST = 0.01;
const KEYS = ['matched', 'firstM', 'acceptedM'] as const;

/** How much more `a` is than `b`, of each figure. */
const off = (
  a: BorderReport['divided'][Place],
  b: BorderReport['divided'][Place],
  key: (typeof KEYS)[number],
): number => figures(a)[key] / figures(b)[key] - 1;

describe('questions beside a border', () => {
  let divided: BorderReport['divided'];
  let undivided: BorderReport['undivided'];
  let table: string;
  beforeAll(() => {
    const report = addUp(SEEDS.map((seed) => borderRun({ ...BORDER_RUN, seed, questions: QUESTIONS })));
    ({ divided, undivided } = report);
    table = borderTable(report).join('\n');
  }, 240_000);

  it('MATCH1 are thousands, and so are those in the middle', () => {
    expect(divided.all.asked).toBe(SEEDS.length * QUESTIONS);
    expect(undivided.all.asked).toBe(divided.all.asked);
    expect(divided.border.asked).toBeGreaterThan(3000);
    expect(divided.middle.asked).toBeGreaterThan(1000);
  });

  it.each(PLACES.flatMap((place) => KEYS.map((key) => [place, key] as const)))(
    'MATCH1 %s, %s: within a hundredth of what one undivided cell does with the same people and questions',
    (place, key) => {
      expect(Math.abs(off(divided[place], undivided[place], key)), table).toBeLessThan(MOST);
    },
  );

  // What the two places differ by where there is no border is chance: it is taken off.
  it.each(KEYS)('MATCH1 %s: within a hundredth of the middle', (key) => {
    const chance = off(undivided.border, undivided.middle, key);
    expect(Math.abs(off(divided.border, divided.middle, key) - chance), table).toBeLessThan(MOST);
  });
});

describe('an arrival while a try is in flight', () => {
  const wide = { t: 'ask', question: newQuestion({ radiusM: 3000 }) } as const;
  const begun = () => {
    const cell = cellHarness({ manual: ['scout', 'reserve'], policy: { offers: { spare: 0 } } });
    cell.request(wide);
    expect(cell.open.length).toBeGreaterThan(0);
    return cell;
  };
  const answerScouts = (cell: ReturnType<typeof begun>, found?: ReturnType<typeof candidate>): void => {
    const next = () => cell.open.find(({ request }) => request.t === 'scout');
    for (let send = next(); send !== undefined; send = next()) {
      const east = send.address.to === 'cell' && send.address.cell === EAST;
      cell.answer(send, { t: 'scouted', candidates: east && found !== undefined ? [found] : [], beacon: true });
    }
  };

  it('MATCH1 is weighed with those whom it finds, and does not take the place of somebody better', () => {
    const cell = begun();
    cell.ping(cem, { point: at(1200) });
    expect(cell.question(qid()).offers).toEqual([]);
    answerScouts(cell, candidate('better' as UserId, EAST, { score: 99, distanceM: 10 }));
    expect(cell.question(qid()).offers.map(({ user, state }) => `${user} ${state}`)).toEqual(['better reserving']);
  });

  it('WAKE2 gets the offer in the step in which the try finds nobody better', () => {
    const cell = begun();
    cell.ping(cem, { point: at(1200) });
    answerScouts(cell);
    expect(cell.question(qid()).offers.map(({ user, state }) => `${user} ${state}`)).toEqual([`${cem} pending`]);
  });

  it('WAKE2 takes the place of somebody who refuses', () => {
    const cell = begun();
    answerScouts(cell, candidate('better' as UserId, EAST, { score: 99, distanceM: 10 }));
    cell.ping(cem, { point: at(1200) });
    expect(cell.question(qid()).offers).toHaveLength(1);
    cell.answer('reserve', { t: 'refused', reason: 'capacity' });
    expect(cell.question(qid()).offers.map(({ user, state }) => `${user} ${state}`)).toEqual([
      'better void',
      `${cem} pending`,
    ]);
  });

  it('WAKE2 told of by another cell, is asked once the try finds nobody better', () => {
    const cell = begun();
    const reply = cell.request({ t: 'nudge', questionId: qid(), candidate: candidate(dee, EAST) });
    expect(reply).toEqual({ t: 'tried' });
    expect(cell.sentOf('reserve')).toEqual([]);
    answerScouts(cell);
    expect(cell.sentOf('reserve').map(({ request }) => (request.t === 'reserve' ? request.user : ''))).toEqual([dee]);
  });
});

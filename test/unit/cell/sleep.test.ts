// Dehydration: longer sleeps, wider circles, and a wake-up that is armed and durable.
import { describe, expect, it } from 'vitest';
import { decodeQuestion } from '../../../src/cell/tables/questions.ts';
import { sleepMs } from '../../../src/matching/stages.ts';
import { cellHarness } from '../support/cell-harness.ts';
import { ana, at, bob, newQuestion, policyWith, qid } from '../support/names.ts';

const narrow = { t: 'ask', question: newQuestion({ radiusM: 500, expiresInMs: 3_600_000 }) } as const;

describe('a question that nobody is near', () => {
  it('SLEEP1 sleeps longer after each try, up to the cap, and says so once', () => {
    const backOff = { firstMs: 2000, factor: 3, maxMs: 40_000 };
    const cell = cellHarness({ policy: { backOff } });
    cell.request(narrow);
    const waits: number[] = [];
    for (let i = 0; i < 6; i++) {
      const { phase } = cell.question(qid());
      if (phase.t !== 'dormant') throw new Error(phase.t);
      waits.push(phase.wakeAt - cell.now());
      cell.advance(phase.wakeAt - cell.now());
    }
    expect(waits).toEqual([2000, 6000, 18_000, 40_000, 40_000, 40_000]);
    expect(waits).toEqual([1, 2, 3, 4, 5, 6].map((stage) => sleepMs(policyWith({ backOff }), stage)));
    expect(cell.events(ana, qid())).toEqual(['question.dormant']);
    expect(cell.question(qid()).stage).toBe(7);
  });

  it('CALM1 a try that looks no farther than the last one and finds nobody writes nothing, and is counted by the time that has passed', () => {
    const cell = cellHarness({ policy: { backOff: { firstMs: 1000, factor: 1, maxMs: 1000 }, radiusGrowth: [1, 2] } });
    cell.request(narrow);
    const written = (): string => JSON.stringify([...cell.store.load()]);
    cell.advance(2000);
    const before = written();
    cell.advance(60_000);
    expect(cell.question(qid()).stage).toBeGreaterThan(50);
    expect(written()).toBe(before);
    expect(cell.journal().flatMap((one) => (one.t === 'question.dormant' ? one.stage : []))).toEqual([1, 2]);
    const { stage } = cell.question(qid());
    cell.restart();
    cell.advance(1000);
    expect(Math.abs(cell.question(qid()).stage - stage), 'a cell that has left memory').toBeLessThan(2);
    cell.ping(bob);
    expect(cell.events(bob, qid())).toEqual(['offer.made']);
  });

  it('CALM1 sleeps longer and longer though its cell leaves memory between any two tries, and is not tried more often', () => {
    const backOff = { firstMs: 100_000, factor: 2, maxMs: 1_000_000 };
    const cell = cellHarness({ policy: { backOff, radiusGrowth: [1] } });
    cell.request({ t: 'ask', question: newQuestion({ radiusM: 500, expiresInMs: 36_000_000 }) });
    const stages: number[] = [];
    const waits: number[] = [];
    let since = cell.now();
    for (let i = 0; i < 6; i++) {
      const { phase, stage } = cell.question(qid());
      if (phase.t !== 'dormant') throw new Error(phase.t);
      stages.push(stage);
      waits.push(Math.round((phase.wakeAt - since) / 100_000));
      cell.advance(phase.wakeAt - cell.now() - 10_000);
      cell.restart();
      expect(cell.question(qid()).phase).toEqual(phase);
      since = phase.wakeAt;
      cell.advance(10_000);
    }
    expect(stages).toEqual([1, 2, 3, 4, 5, 6]);
    expect(waits).toEqual([1, 2, 5, 8, 12, 11]);
  });

  it('WAKE1 a crash in the middle of such a try costs less than a minute', () => {
    const cell = cellHarness({
      manual: ['scout'],
      policy: { radiusGrowth: [1], backOff: { firstMs: 300_000, maxMs: 300_000 } },
    });
    cell.request({ t: 'ask', question: newQuestion({ radiusM: 3000, expiresInMs: 3_600_000 }) });
    while (cell.open.length > 0) cell.answer('scout', { t: 'failed' });
    expect(cell.question(qid()).phase.t).toBe('dormant');
    cell.advance(360_000);
    const tries = cell.sentOf('scout').length;
    expect(cell.open.length).toBeGreaterThan(0);
    cell.restart();
    cell.advance(60_000);
    expect(cell.sentOf('scout').length).toBeGreaterThan(tries);
  });

  it('SLEEP1 widens its circle by the stages, up to the last step', () => {
    const cell = cellHarness({ policy: { radiusGrowth: [1, 2, 4], radiusStepsM: [500, 1500] } });
    cell.request(narrow);
    const radii = [500];
    for (let i = 0; i < 3; i++) {
      const view = cell.request({ t: 'question', id: qid(), user: ana }) as { view: { radiusM: number } };
      radii.push(view.view.radiusM);
      cell.advance(300_000);
    }
    expect(radii).toEqual([500, 1000, 1500, 1500]);
  });

  it('SLEEP1 finds at a later stage who was too far at the first', () => {
    const cell = cellHarness();
    cell.ping(bob, { point: at(900), ttlMs: 600_000 });
    cell.request(narrow);
    expect(cell.events(bob, qid())).toEqual([]);
    // 750 m at 5 s, 1000 m at 15 s.
    cell.advance(14_999);
    expect(cell.events(bob, qid())).toEqual([]);
    cell.advance(1);
    expect(cell.events(bob, qid())).toEqual(['offer.made']);
  });

  it('WAKE1 is woken by its alarm, over a crash too', () => {
    const cell = cellHarness();
    cell.request(narrow);
    expect(cell.store.alarm()).toBe(cell.now() + 5000);
    cell.restart();
    expect(cell.store.alarm()).toBe(cell.now() + 5000);
    cell.advance(5000);
    expect(cell.question(qid()).stage).toBe(2);
    expect(cell.journal().map(({ t }) => t)).toContain('question.woken');
  });

  it('WAKE1 a lost alarm costs lateness alone: the next event of any kind runs it', () => {
    const cell = cellHarness();
    cell.request(narrow);
    cell.setNow(cell.now() + 70_000);
    cell.request({ t: 'load' });
    expect(cell.question(qid()).stage).toBe(2);
    expect(cell.question(qid()).phase).toEqual({ t: 'dormant', wakeAt: cell.now() + 10_000 });
    expect(cell.store.alarm(), 'and the next wake-up is armed').toBe(cell.now() + 10_000);
    cell.advance(10_000);
    expect(cell.question(qid()).stage).toBe(3);
  });

  it('wakes no later than it expires', () => {
    const cell = cellHarness();
    cell.request({ t: 'ask', question: newQuestion({ expiresInMs: 3000 }) });
    expect(cell.question(qid()).phase).toEqual({ t: 'dormant', wakeAt: cell.now() + 3000 });
    cell.advance(3000);
    expect(cell.question(qid()).phase.t).toBe('expired');
    expect(cell.events(ana, qid())).toEqual(['question.dormant', 'question.expired']);
  });

  it('KEEP1 sleeps on disk: its row holds the phase in the step of the answer', () => {
    const cell = cellHarness();
    cell.request(narrow);
    expect(decodeQuestion(cell.rows('questions')[0] ?? '').phase).toEqual({ t: 'dormant', wakeAt: cell.now() + 5000 });
  });

  it('says that it is dormant again after it was awake', () => {
    const cell = cellHarness({ policy: { offers: { ttlMs: 1000 } } });
    cell.request(narrow);
    cell.ping(bob);
    expect(cell.question(qid()).phase.t).toBe('open');
    cell.advance(20_000);
    expect(cell.question(qid()).phase.t).toBe('dormant');
    expect(cell.events(ana, qid())).toEqual(['question.dormant', 'question.dormant']);
  });
});

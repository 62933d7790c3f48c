import { describe, expect, it } from 'vitest';
import type { OfferView, QuestionView, UserEvent } from '../../../../src/protocol/views.ts';
import { stats } from '../../../../tools/traffic/stats.ts';

const question = (id: string): QuestionView => ({ id, state: 'open' }) as unknown as QuestionView;
const told = (id: string, state: string): UserEvent =>
  ({ seq: 1, type: `question.${state}`, at: '', data: { question: question(id) } }) as unknown as UserEvent;
const offer = (distanceM: number): OfferView => ({ distanceM }) as unknown as OfferView;

describe('the summary', () => {
  it('of nothing has zeros and nulls', () => {
    expect(stats(() => 0).summary()).toMatchObject({
      asked: 0,
      matched: 0,
      answered: 0,
      dormant: 0,
      expired: 0,
      errors: 0,
      p50MatchMs: null,
      p95MatchMs: null,
      meanDistanceM: null,
    });
  });

  it('counts questions, not events, and times the first match', () => {
    let nowMs = 1000;
    const seen = stats(() => nowMs);
    seen.asked(question('a'), 400);
    seen.told(told('a', 'matched'));
    nowMs = 9000;
    seen.told(told('a', 'matched'));
    seen.told(told('a', 'answered'));
    seen.told(told('a', 'answered'));
    expect(seen.summary()).toMatchObject({ asked: 1, matched: 1, answered: 1, p50MatchMs: 600, p95MatchMs: 600 });
    expect(seen.live()).toEqual([]);
  });

  it('takes an event that overtakes the reply to the ask', () => {
    const seen = stats(() => 1500);
    seen.told(told('a', 'matched'));
    expect(seen.summary()).toMatchObject({ asked: 0, matched: 0, p50MatchMs: null });
    expect(seen.live()).toEqual([]);
    seen.asked(question('a'), 1000);
    expect(seen.summary()).toMatchObject({ asked: 1, matched: 1, p50MatchMs: 500 });
    expect(seen.live()[0]?.state).toBe('matched');
  });

  it('tells those who slept from those who woke', () => {
    const seen = stats(() => 0);
    for (const id of ['a', 'b', 'c']) seen.asked(question(id), 0);
    for (const [id, state] of [
      ['a', 'dormant'],
      ['a', 'dormant'],
      ['b', 'dormant'],
      ['b', 'matched'],
      ['c', 'expired'],
    ] as const) {
      seen.told(told(id, state));
    }
    expect(seen.summary()).toMatchObject({ dormant: 2, woken: 1, matched: 1, expired: 1 });
    expect(seen.live().map(({ state }) => state)).toEqual(['dormant', 'matched']);
  });

  it('tells errors from refusals and from what came too late, by code', () => {
    const seen = stats(() => 0, new Set(['out_of_coverage']));
    for (const code of ['internal', 'out_of_coverage', 'internal', 'out_of_coverage', 'network']) seen.failed(code);
    seen.late('offer_gone');
    seen.accepted(offer(100));
    seen.accepted(offer(301));
    expect(seen.summary()).toMatchObject({
      errors: 3,
      errorCodes: { internal: 2, network: 1 },
      refused: { out_of_coverage: 2 },
      late: { offer_gone: 1 },
      meanDistanceM: 201,
    });
  });
});

// Five thousand people in one cell, on sockets, for a quarter of an hour.
import { describe, expect, it } from 'vitest';
import { COALESCE_ABOVE, REFUSE_ASKS_ABOVE, strainNow } from '../../../src/cell/backpressure/pressure.ts';
import { DEFAULT_POLICY } from '../../../src/matching/policy.ts';
import { cellHarness } from '../support/cell-harness.ts';
import { START, user } from '../support/names.ts';

// What a cell that cannot be split does: one that can be is split first.
const LIMITS = { ...DEFAULT_POLICY.limits, autoSplit: false };
const MINUTE_S = 60;

describe('a crowd of 5,000 in one cell', () => {
  it('LOAD2 converges below 1 when clients obey, from all of them at once, and nobody loses a lease', () => {
    const seen = crowd({ people: 5000, minutes: 15, obeys: true });
    // At 10 s each they would be 500 a second, a strain of 2.5; now they are a little over 150.
    expect(Math.max(...seen.strains.slice(-5 * MINUTE_S))).toBeLessThan(1);
    expect(seen.held).toBe(5000);
    expect(seen.lapses).toBe(0);
  });

  it('LOAD4 settles where pings are refused when nobody obeys: questions are still taken, and every lease is kept', () => {
    const seen = crowd({ people: 5000, minutes: 15, obeys: false });
    const late = seen.strains.slice(-5 * MINUTE_S);
    expect(Math.max(...late)).toBeLessThan(REFUSE_ASKS_ABOVE);
    expect(Math.min(...late)).toBeGreaterThan(COALESCE_ABOVE);
    expect(seen.refused).toBeGreaterThan(10_000);
    expect(seen.lapses).toBe(0);
  });
});

type Crowd = {
  readonly strains: number[];
  readonly refused: number;
  readonly held: number;
  readonly lapses: number;
};

/** People on sockets of one cell with the default limits; each second's strain. Those who do not obey ping every 10 s, whatever they hear. */
function crowd(given: { readonly people: number; readonly minutes: number; readonly obeys: boolean }): Crowd {
  const cell = cellHarness({ checked: false, policy: { limits: LIMITS } });
  const seconds: number[][] = Array.from({ length: given.minutes * MINUTE_S }, () => []);
  const strains: number[] = [];
  const seq = new Uint32Array(given.people);
  const known = new Set<number>();
  let luck = 1;
  const chance = (): number => {
    luck = (luck * 48_271) % 2_147_483_647;
    return luck / 2_147_483_647;
  };
  const inS = (person: number, from: number, s: number): void => void seconds[Math.floor(from + s)]?.push(person);
  for (let person = 0; person < given.people; person++) inS(person, 0, person % 10);
  let [refused, lapses] = [0, 0];
  for (let s = 0; s < seconds.length; s++) {
    const now = seconds[s] ?? [];
    for (const [i, person] of now.entries()) {
      cell.setNow(Math.max(cell.now(), START + s * 1000 + (i * 1000) / now.length));
      const name = user(`p${person}`);
      if (known.has(person) && cell.resident(name)?.phase !== 'live') lapses++;
      seq[person] = (seq[person] ?? 0) + 1;
      const sent = { seq: seq[person] ?? 0 };
      const reply = known.has(person) ? cell.ping(name, sent, true) : cell.connect(name, sent);
      if (reply.t === 'present') known.add(person);
      else refused++;
      const wait = reply.t === 'present' ? reply.view.pingEveryS : reply.t === 'problem' ? (reply.retryAfterS ?? 1) : 1;
      inS(person, s, given.obeys ? Math.max(1, wait * (1 + 0.25 * chance())) : 10);
    }
    strains.push(strainNow(cell.state(), cell.now()));
  }
  return { strains, refused, held: known.size, lapses };
}

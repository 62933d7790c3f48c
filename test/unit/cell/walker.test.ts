// The attack on PRIV3: a stranger asks a thousand times, sees at each ping which square their victim is in, knows how it is drawn, the
// victim's way and speed, and estimates where on it they are when the square moves.
import { describe, expect, it } from 'vitest';
import { follow, newBorder } from '../../../src/cell/users/border.ts';
import { prng } from '../../../src/lib/prng.ts';

const PROBES = 1000;
/** In metres; the side of a square at the equator, and of its narrower side at 60° north. */
const SIDES = [153, 76];

/** One victim of a thousand probes: where they were, in sides, when the square moved, from what and when. */
type Crossing = { readonly at: number; readonly line: number; readonly second: number };
type Way = (draw: () => number) => (second: number) => number;
/** How somebody walks, how often they ping, and what others see of it. */
type Attack = { readonly way: Way; readonly everyS: number; readonly follows: typeof follow };

const gauss = (draw: () => number): number => Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());

/** A square that follows at once: what a fixed line would tell. */
const atOnce: typeof follow = (border, offset) => ({ border, squares: Math.round(offset) });

function crossings({ way, everyS, follows }: Attack, draw: () => number): readonly Crossing[] {
  const positionAt = way(draw);
  let square = Math.round(positionAt(0));
  let border = newBorder(draw);
  const seen: Crossing[] = [];
  for (let second = everyS; second <= PROBES * everyS; second += everyS) {
    const at = positionAt(second);
    const next = follows(border, at - square, { now: second * 1000, gapMs: everyS * 1000 }, draw);
    border = next.border;
    if (next.squares === 0) continue;
    // What moved by several squares has passed the last line of them.
    seen.push({ at, line: square + next.squares - Math.sign(next.squares) / 2, second });
    square += next.squares;
  }
  return seen;
}

/** Straight on, at a speed that the attacker knows. */
const walks =
  (speedMps: number, side: number): Way =>
  (draw) => {
    const from = draw() - 0.5;
    return (second) => from + (speedMps * second) / side;
  };

/** To and fro between two places that the attacker does not know. */
const paces =
  (speedMps: number, side: number): Way =>
  (draw) => {
    const from = draw() - 2;
    const length = 3 + draw();
    const phase = 2 * length * draw();
    return (second) => {
      const gone = (phase + (speedMps * second) / side) % (2 * length);
      return from + (gone < length ? gone : 2 * length - gone);
    };
  };

/** Beside a line or along it, by GPS that trembles. */
const stands =
  (side: number, trembleM: number): Way =>
  (draw) => {
    const from = 0.5 + ((draw() - 0.5) * 20) / side;
    return () => from + (trembleM * gauss(draw)) / side;
  };

/** Half of the shortest interval that holds the share of what the attacker was wrong by; they know it, and how it is spread. */
function halfWidth(errors: readonly number[], share: number): number {
  const sorted = [...errors].sort((a, b) => a - b);
  const span = Math.max(1, Math.ceil(share * sorted.length) - 1);
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i + span < sorted.length; i++)
    least = Math.min(least, (sorted[i + span] as number) - (sorted[i] as number));
  return least / 2;
}

/** How far beyond the line each victim was at one crossing, taken by itself. */
function byOne(attack: Attack, victims: number, seed: number): readonly number[] {
  const draw = prng(seed).unit;
  return Array.from({ length: victims }, () => crossings(attack, draw)).flatMap((seen) => {
    // Not the first: that one is from where they began.
    const { at, line } = seen[1 + Math.floor(draw() * (seen.length - 1))] ?? { at: Number.NaN, line: 0 };
    return Number.isNaN(at) ? [] : [Math.abs(at - line)];
  });
}

/** What the whole of a walk at a known speed still leaves: the mean of all crossings says when the victim was where. */
function byAll({ speed, side, everyS }: Case, follows: typeof follow, seed: number): readonly number[] {
  const draw = prng(seed).unit;
  return Array.from({ length: 400 }, () => {
    const seen = crossings({ way: walks(speed, side), everyS, follows }, draw);
    const lags = seen.map(({ line, second }) => (speed * second) / side - line);
    const last = seen.at(-1) as Crossing;
    return last.at - (speed * last.second) / side + lags.reduce((sum, lag) => sum + lag, 0) / lags.length;
  });
}

type Case = { readonly side: number; readonly speed: number; readonly everyS: number };
const cases: readonly Case[] = SIDES.flatMap((side) => [
  ...[0.5, 1.0, 1.4, 2.0, 5.0].map((speed) => ({ side, speed, everyS: 10 })),
  ...[0.5, 1.4, 2.0].map((speed) => ({ side, speed, everyS: 60 })),
]);
const attacks = ({ side, speed, everyS }: Case): readonly Attack[] =>
  [walks(speed, side), paces(speed, side)].map((way) => ({ way, everyS, follows: follow }));

describe('PRIV3 a walker who is probed a thousand times', () => {
  it.each(cases)('is lost by a quarter of a square at one crossing, by half on the mean: %j', (one) => {
    for (const attack of attacks(one)) {
      const errors = byOne(attack, 300, 1);
      expect(errors.length).toBeGreaterThan(200);
      expect(halfWidth(errors, 0.9), '90 % of them').toBeGreaterThan(0.25);
      expect(halfWidth(errors, 1), 'whatever is possible').toBeGreaterThan(0.5);
    }
  });

  it.each(cases)(
    'is a quarter of a square beyond the line at the very least when the square moves, half on the mean: %j',
    (one) => {
      for (const attack of attacks(one)) {
        const draw = prng(7).unit;
        const beyond = Array.from({ length: 100 }, () => crossings(attack, draw)).flatMap((seen) =>
          seen.map(({ at, line }) => Math.abs(at - line)),
        );
        expect(beyond.length).toBeGreaterThan(200);
        expect(Math.min(...beyond)).toBeGreaterThanOrEqual(0.25);
        expect(beyond.reduce((sum, far) => sum + far, 0) / beyond.length).toBeGreaterThan(0.5);
      }
    },
  );

  it.each(cases)('is lost by a quarter though all crossings of one straight walk are held together: %j', (one) => {
    expect(halfWidth(byAll(one, follow, 2), 0.9)).toBeGreaterThan(0.25);
  });

  it.each(SIDES)('is not seen to cross a line beside which they stand, with squares of %d m', (side) => {
    const draw = prng(3).unit;
    for (const everyS of [10, 60]) {
      const attack = { way: stands(side, side / 30), everyS, follows: follow };
      for (let victim = 0; victim < 100; victim++) expect(crossings(attack, draw)).toEqual([]);
    }
  });

  it('would be found by a line that is followed at once, to metres: the attack works', () => {
    const attack = { way: walks(1.4, 153), everyS: 10, follows: atOnce };
    expect(halfWidth(byOne(attack, 300, 4), 0.9) * 153).toBeLessThan(7);
    expect(halfWidth(byAll({ speed: 1.4, side: 153, everyS: 10 }, atOnce, 5), 0.9) * 153).toBeLessThan(1.3);
    expect(crossings({ way: stands(153, 5), everyS: 10, follows: atOnce }, prng(6).unit).length).toBeGreaterThan(10);
  });
});

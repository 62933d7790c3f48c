// The generator is xoshiro128** seeded by splitmix32, and draws what it says.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prng } from '../../../src/lib/prng.ts';

const u32s = (seed: number, count: number): readonly number[] => {
  const random = prng(seed);
  return Array.from({ length: count }, () => random.u32());
};

/** The published algorithms, once more, in 64-bit integers masked to 32. */
function reference(seed: number, count: number): readonly number[] {
  const M = 0xffffffffn;
  const rotl = (x: bigint, k: bigint): bigint => ((x << k) | (x >> (32n - k))) & M;
  let s = BigInt(seed >>> 0);
  const splitmix = (): bigint => {
    s = (s + 0x9e3779b9n) & M;
    let z = s;
    z = ((z ^ (z >> 16n)) * 0x21f0aaadn) & M;
    z = ((z ^ (z >> 15n)) * 0x735a2d97n) & M;
    return z ^ (z >> 15n);
  };
  let [s0, s1, s2, s3] = [splitmix(), splitmix(), splitmix(), splitmix()];
  return Array.from({ length: count }, () => {
    const result = (rotl((s1 * 5n) & M, 7n) * 9n) & M;
    const t = (s1 << 9n) & M;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= t;
    s3 = rotl(s3, 11n);
    return Number(result);
  });
}

describe('prng', () => {
  it('repeats a seed, bit for bit, on any machine', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (seed) => {
        expect(u32s(seed, 20)).toEqual(reference(seed, 20));
      }),
      { numRuns: 200 },
    );
  });

  it('gives neighbouring seeds unrelated draws', () => {
    const firsts = Array.from({ length: 1000 }, (_, seed) => u32s(seed, 1)[0]);
    expect(new Set(firsts).size).toBe(1000);
  });

  it('draws below n, every value about as often', () => {
    const random = prng(7);
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 100_000; i++) {
      const drawn = random.below(10);
      counts[drawn] = (counts[drawn] ?? Number.NaN) + 1;
    }
    expect(counts).toHaveLength(10);
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });

  it('draws units in [0, 1)', () => {
    const random = prng(3);
    for (let i = 0; i < 10_000; i++) {
      const drawn = random.unit();
      expect(drawn >= 0 && drawn < 1).toBe(true);
    }
  });

  it('says yes as often as it is told', () => {
    const random = prng(11);
    let hits = 0;
    for (let i = 0; i < 100_000; i++) if (random.chance(1, 8)) hits++;
    expect(Math.abs(hits - 12_500)).toBeLessThan(500);
    expect(random.chance(0, 8)).toBe(false);
    expect(random.chance(8, 8)).toBe(true);
  });

  it('draws exponentials of the given mean, never infinite', () => {
    const random = prng(5);
    const draws = Array.from({ length: 100_000 }, () => random.exponential(40));
    const mean = draws.reduce((sum, drawn) => sum + drawn, 0) / draws.length;
    expect(Math.abs(mean - 40)).toBeLessThan(0.6);
    expect(draws.every((drawn) => drawn >= 0 && Number.isFinite(drawn))).toBe(true);
  });

  it('picks only what is there', () => {
    const random = prng(1);
    const seen = new Set(Array.from({ length: 200 }, () => random.pick(['a', 'b', 'c'])));
    expect([...seen].sort()).toEqual(['a', 'b', 'c']);
  });

  it('forks a generator whose draws do not shift those of the first', () => {
    const alone = prng(9);
    alone.fork();
    const expected = alone.u32();
    const forked = prng(9);
    const other = forked.fork();
    for (let i = 0; i < 50; i++) other.u32();
    expect(forked.u32()).toBe(expected);
  });
});

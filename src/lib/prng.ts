// The one random generator of simulations, generators and benches: xoshiro128** seeded by splitmix32, so that a seed
// repeats a run on any machine. Never used for secrets.

export type Prng = {
  /** An integer in [0, 2^32). */
  readonly u32: () => number;
  /** An integer in [0, n). */
  readonly below: (n: number) => number;
  /** A number in [0, 1). */
  readonly unit: () => number;
  /** True `numerator` times of `denominator`. */
  readonly chance: (numerator: number, denominator: number) => boolean;
  readonly pick: <T>(items: readonly T[]) => T;
  /** Exponentially distributed with the given mean. */
  readonly exponential: (mean: number) => number;
  /** An independent generator, so that one part's draws do not shift another's. */
  readonly fork: () => Prng;
};

export function prng(seed: number): Prng {
  let s = seed >>> 0;
  const splitmix = (): number => {
    s = (s + 0x9e3779b9) >>> 0;
    let z = s;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
  let a = splitmix();
  let b = splitmix();
  let c = splitmix();
  let d = splitmix();
  const u32 = (): number => {
    const x = Math.imul(b, 5);
    const result = Math.imul((x << 7) | (x >>> 25), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  const unit = (): number => u32() / 0x1_0000_0000;
  const below = (n: number): number => Math.floor(unit() * n);
  return {
    u32,
    unit,
    below,
    chance: (numerator, denominator) => below(denominator) < numerator,
    pick: (items) => items[below(items.length)] as (typeof items)[number],
    exponential: (mean) => -Math.log(1 - unit()) * mean,
    fork: () => prng(u32()),
  };
}

/** FNV-1a of the text, mixed once more, in [0, 2^32): spreads names evenly. Never used for secrets. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad);
  return (hash ^ (hash >>> 15)) >>> 0;
}

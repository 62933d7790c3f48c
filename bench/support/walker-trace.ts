// What PRIV3 costs on a real trace: cabs of San Francisco, all days laid on one, and calls for help among them. By their squares alone.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { newVeil, veiled } from '../../src/cell/users/veil.ts';
import { distanceM } from '../../src/geo/distance.ts';
import type { Point } from '../../src/geo/point.ts';
import { snap } from '../../src/geo/snap.ts';
import { prng } from '../../src/lib/prng.ts';
import type { Veil } from '../../src/messages/records.ts';

const ROOT = join(import.meta.dirname, '../..');
const CABS = join(ROOT, '../shared/data/moving/sf_cabs5_2008.csv.gz');
const CALLS = join(ROOT, '../shared/data/requests/sf_311_sampleA_10000.csv.gz');
export const hasData = [CABS, CALLS].every((path) => existsSync(path));
const GRID = 7;
const RADIUS_M = 1200;
const DAY_MS = 86_400_000;
const FRESH_MS = 120_000;

type Fix = { readonly user: string; readonly at: Point; readonly ms: number };

/** Columns 0 to 3: who or which, when, where; rows that are not marked `ok` are left out. */
function fixes(path: string, ofDay: boolean): readonly Fix[] {
  const [, ...rows] = gunzipSync(readFileSync(path)).toString().trim().split('\n');
  return rows
    .filter((row) => row.endsWith(',ok'))
    .map((row) => row.split(','))
    .map(([id = '', ts = '', lat, lng]) => ({
      user: ofDay ? `${id} ${ts.slice(0, 10)}` : id,
      at: { lat: Number(lat), lng: Number(lng) },
      ms: Date.parse(ts) % DAY_MS,
    }))
    .sort((a, b) => a.ms - b.ms);
}

type Seen = { readonly raw: Point; readonly shown: Point; readonly ms: number };

/** Each call goes to whoever is seen nearest: how many find somebody, and how far away that one really is. */
function played(follow: (user: string, before: Seen | undefined, fix: Fix) => Point) {
  const seen = new Map<string, Seen>();
  const events = [
    ...fixes(CABS, true).map((fix) => ({ fix, asks: false })),
    ...fixes(CALLS, false).map((fix) => ({ fix, asks: true })),
  ];
  let matched = 0;
  let metres = 0;
  let seenM = 0;
  for (const { fix, asks } of events.sort((a, b) => a.fix.ms - b.fix.ms)) {
    if (!asks) {
      const known = seen.get(fix.user);
      const before = known !== undefined && fix.ms - known.ms <= FRESH_MS ? known : undefined;
      seen.set(fix.user, { raw: fix.at, shown: follow(fix.user, before, fix), ms: fix.ms });
      continue;
    }
    const where = snap(fix.at, GRID);
    let best: { readonly one: Seen; readonly farM: number } | undefined;
    for (const one of seen.values()) {
      const farM = distanceM(where, one.shown);
      if (fix.ms - one.ms <= FRESH_MS && farM <= Math.min(RADIUS_M, best?.farM ?? RADIUS_M)) best = { one, farM };
    }
    if (best === undefined) continue;
    matched++;
    metres += distanceM(fix.at, best.one.raw);
    seenM += best.farM;
  }
  return { matched, meanM: metres / matched, seenM: seenM / matched };
}

/** As the cells show it, by what one seed draws. */
export function veiledBy(seed: number) {
  const chance = prng(seed).unit;
  const veils = new Map<string, Veil>();
  return played((user, before, { at, ms }) => {
    const snapped = snap(at, GRID);
    const veil = before === undefined ? undefined : veils.get(user);
    const next =
      veil === undefined || before === undefined
        ? { veil: { ...newVeil(chance), last: { square: snapped, leapt: false } }, shown: snapped }
        : veiled({ veil, shown: before.shown }, { at, snapped, now: ms, gapMs: ms - before.ms }, GRID, chance);
    veils.set(user, next.veil);
    return next.shown;
  });
}

/** With squares that follow at once. */
export const atOnce = () => played((_, _before, { at }) => snap(at, GRID));

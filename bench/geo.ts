// How fast the ground under the routing is: `node bench/geo.ts [seed]`. Medians of seven rounds after two to warm up.
import { performance } from 'node:perf_hooks';
import ngeohash from 'ngeohash';
import { CellMap } from '../src/city/cell-map.ts';
import { coverCircle, coverCircleAtLength } from '../src/geo/cover.ts';
import { distanceM, minDistanceToBoundsM } from '../src/geo/distance.ts';
import { children, decode, encode, neighbors } from '../src/geo/geohash.ts';
import { leafIndex } from '../src/geo/leaf-index.ts';
import { parseBoundary } from '../src/geo/polygon.ts';
import { coverPolygon } from '../src/geo/polygon-cover.ts';
import { snap } from '../src/geo/snap.ts';
import { type Prng, prng } from '../src/lib/prng.ts';

const WARM_UP = 2;
const ROUNDS = 7;
const LEAVES = 1_000_000;
const POINTS = 1 << 14;

const seed = Number(process.argv[2] ?? 1);
const random = prng(seed);
// What the loops compute ends here, so that none of it can be left out.
let sink = 0;

/** The median nanoseconds for one call, over rounds of `calls`. */
function medianNs(calls: number, run: (i: number) => number): number {
  const rounds: number[] = [];
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    const started = performance.now();
    let sum = 0;
    for (let i = 0; i < calls; i++) sum += run(i);
    if (round >= WARM_UP) rounds.push(((performance.now() - started) * 1e6) / calls);
    sink += sum;
  }
  return rounds.sort((a, b) => a - b)[ROUNDS >> 1] as number;
}

const perSecond = (ns: number): string => `${(1000 / ns).toFixed(1)} M/s`;
const print = (name: string, value: string): void => console.log(`${name.padEnd(44)}${value.padStart(12)}`);

/** Leaves of mixed lengths 3 to 7, neighbours dropped here and there, until there are `count`. */
function mixedLeaves(count: number, draw: Prng): readonly string[] {
  const leaves = [...new Set(Array.from({ length: 400 }, () => encode(anywhere(draw), 3)))];
  while (leaves.length < count) {
    const at = draw.below(leaves.length);
    const cell = leaves[at] as string;
    if (cell.length === 7) continue;
    leaves[at] = leaves.at(-1) as string;
    leaves.pop();
    leaves.push(...children(cell));
  }
  return leaves.slice(0, count);
}

function anywhere(draw: Prng): { readonly lat: number; readonly lng: number } {
  return { lat: 180 * draw.unit() - 90, lng: 360 * draw.unit() - 180 };
}

const points = Array.from({ length: POINTS }, () => anywhere(random));
const point = (i: number) => points[i & (POINTS - 1)] as (typeof points)[number];

console.log(`seed ${seed}, medians of ${ROUNDS}`);
for (const length of [5, 6, 7, 12]) {
  const ns = medianNs(500_000, (i) => encode(point(i), length).charCodeAt(length - 1));
  print(`encode, length ${length}`, perSecond(ns));
}
const theirs = medianNs(200_000, (i) => ngeohash.encode(point(i).lat, point(i).lng, 6).length);
print('ngeohash encode, length 6, to compare', perSecond(theirs));

const hashes = points.map((p) => encode(p, 6));
const boxes = hashes.map(decode);
const hash = (i: number): string => hashes[i & (POINTS - 1)] as string;
print('decode, length 6', perSecond(medianNs(500_000, (i) => decode(hash(i)).minLat)));
print('neighbors, length 6', perSecond(medianNs(200_000, (i) => neighbors(hash(i)).e.length)));
print('snap, length 7', perSecond(medianNs(500_000, (i) => snap(point(i), 7).lat)));
print('distanceM', `${medianNs(500_000, (i) => distanceM(point(i), point(i + 1))).toFixed(0)} ns`);
const toBox = medianNs(500_000, (i) =>
  minDistanceToBoundsM(point(i), boxes[(i + 1) & (POINTS - 1)] as (typeof boxes)[0]),
);
print('minDistanceToBoundsM', `${toBox.toFixed(0)} ns`);

const bay = leafIndex(coverCircleAtLength({ lat: 37.77, lng: -122.42 }, 15_000, 6).map(({ cell }) => cell));
const around = Array.from({ length: 256 }, () => ({
  lat: 37.7 + 0.1 * random.unit(),
  lng: -122.5 + 0.1 * random.unit(),
}));
for (const radiusM of [600, 2000, 5000]) {
  let cells = 0;
  const ns = medianNs(2000, (i) => {
    cells = coverCircle(around[i & 255] as (typeof around)[0], radiusM, bay).length;
    return cells;
  });
  print(`coverCircle, ${radiusM} m, leaves of length 6`, `${(ns / 1000).toFixed(1)} µs`);
}

const leaves = mixedLeaves(LEAVES, random);
const started = performance.now();
const map = CellMap.of(leaves.map((cell) => ({ cell, city: 'everywhere', state: 'leaf', version: 1 })));
print(`CellMap.of, ${map.leafCount} leaves`, `${(performance.now() - started).toFixed(0)} ms`);
const inside = Array.from({ length: POINTS }, () => {
  const { minLat, minLng, maxLat, maxLng } = decode(leaves[random.below(leaves.length)] as string);
  return { lat: minLat + random.unit() * (maxLat - minLat), lng: minLng + random.unit() * (maxLng - minLng) };
});
const leafOf = medianNs(500_000, (i) =>
  map.leafOf(inside[i & (POINTS - 1)] as (typeof inside)[0]) === undefined ? 0 : 1,
);
print('leafOf, a point in coverage', `${leafOf.toFixed(0)} ns`);
const homes = inside.map((p) => encode(p, 7));
const covering = medianNs(500_000, (i) => (map.leafCovering(homes[i & (POINTS - 1)] as string) === undefined ? 0 : 1));
print('leafCovering, a geohash of 7', `${covering.toFixed(0)} ns`);

const coast = Array.from({ length: 5000 }, (_, i) => {
  const turn = (i / 5000) * 2 * Math.PI;
  const reach = 0.15 + 0.02 * random.unit();
  return [10.75 + 2 * reach * Math.cos(turn), 59.91 + reach * Math.sin(turn)];
});
const city = parseBoundary({ type: 'Polygon', coordinates: [coast] });
if (!city.ok) throw new Error(city.error.detail);
for (const length of [5, 6, 7]) {
  const cover = coverPolygon(city.value, length, 1_000_000);
  const ns = medianNs(3, () => (coverPolygon(city.value, length, 1_000_000).ok ? 1 : 0));
  const cells = cover.ok ? cover.value.length : 0;
  print(`coverPolygon, 5000 points, ${cells} cells of ${length}`, `${(ns / 1e6).toFixed(1)} ms`);
}
if (!Number.isFinite(sink)) throw new Error('the loops computed nothing');

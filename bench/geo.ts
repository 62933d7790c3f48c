// How fast the ground under the routing is: `node bench/geo.ts [seed]`.
import ngeohash from 'ngeohash';
import { anywhereIn } from '../sim/map.ts';
import { CellMap } from '../src/city/cell-map.ts';
import { coverCircle, coverCircleAtLength } from '../src/geo/cover.ts';
import { distanceM, minDistanceToBoundsM } from '../src/geo/distance.ts';
import { children, decode, encode, neighbors } from '../src/geo/geohash.ts';
import { leafIndex } from '../src/geo/leaf-index.ts';
import { parseBoundary } from '../src/geo/polygon.ts';
import { coverPolygon } from '../src/geo/polygon-cover.ts';
import { snap } from '../src/geo/snap.ts';
import { type Prng, prng } from '../src/lib/prng.ts';
import { heading, perSecond, ratio, row, type Sample, sampleOf, scaled, seedOfRun, timeNs } from './support/measure.ts';

const LEAVES = 1_000_000;
const POINTS = 1 << 14;

const random = prng(seedOfRun());

const many = (name: string, ns: Sample): void => row(name, scaled(perSecond(ns), 1e-6), 'M/s');
const nanos = (name: string, ns: Sample): void => row(name, ns, 'ns');
const micros = (name: string, ns: Sample): void => row(name, scaled(ns, 1e-3), 'µs');
const millis = (name: string, ns: Sample): void => row(name, scaled(ns, 1e-6), 'ms');

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

heading(`geo, seed ${seedOfRun()}, processor time`);
let ours: Sample | undefined;
for (const length of [5, 6, 7, 12]) {
  const ns = timeNs(500_000, (i) => encode(point(i), length).charCodeAt(length - 1));
  many(`encode, length ${length}`, ns);
  if (length === 6) ours = ns;
}
const theirs = timeNs(200_000, (i) => ngeohash.encode(point(i).lat, point(i).lng, 6).length);
many('ngeohash encode, length 6, to compare', theirs);
if (ours !== undefined) ratio('encode, length 6, against ngeohash', perSecond(ours), perSecond(theirs));

const hashes = points.map((p) => encode(p, 6));
const boxes = hashes.map(decode);
const hash = (i: number): string => hashes[i & (POINTS - 1)] as string;
many(
  'decode, length 6',
  timeNs(500_000, (i) => decode(hash(i)).minLat),
);
many(
  'neighbors, length 6',
  timeNs(200_000, (i) => neighbors(hash(i)).e.length),
);
many(
  'snap, length 7',
  timeNs(500_000, (i) => snap(point(i), 7).lat),
);
nanos(
  'distanceM',
  timeNs(500_000, (i) => distanceM(point(i), point(i + 1))),
);
const toBox = timeNs(500_000, (i) =>
  minDistanceToBoundsM(point(i), boxes[(i + 1) & (POINTS - 1)] as (typeof boxes)[0]),
);
nanos('minDistanceToBoundsM', toBox);

const bay = leafIndex(coverCircleAtLength({ lat: 37.77, lng: -122.42 }, 15_000, 6).map(({ cell }) => cell));
const around = Array.from({ length: 256 }, () => ({
  lat: 37.7 + 0.1 * random.unit(),
  lng: -122.5 + 0.1 * random.unit(),
}));
for (const radiusM of [600, 2000, 5000]) {
  let cells = 0;
  const ns = timeNs(2000, (i) => {
    cells = coverCircle(around[i & 255] as (typeof around)[0], radiusM, bay).length;
    return cells;
  });
  micros(`coverCircle, ${radiusM} m, leaves of length 6`, ns);
}

const leaves = mixedLeaves(LEAVES, random);
const started = process.cpuUsage();
const map = CellMap.of(leaves.map((cell) => ({ cell, city: 'everywhere', state: 'leaf', version: 1 })));
const { user, system } = process.cpuUsage(started);
const tookMs = (user + system) / 1000;
row(`CellMap.of, ${map.leafCount} leaves, once`, sampleOf([tookMs]), 'ms');
const inside = Array.from({ length: POINTS }, () =>
  anywhereIn(decode(leaves[random.below(leaves.length)] as string), random),
);
const leafOf = timeNs(500_000, (i) =>
  map.leafOf(inside[i & (POINTS - 1)] as (typeof inside)[0]) === undefined ? 0 : 1,
);
nanos('leafOf, a point in coverage', leafOf);
const homes = inside.map((p) => encode(p, 7));
const covering = timeNs(500_000, (i) => (map.leafCovering(homes[i & (POINTS - 1)] as string) === undefined ? 0 : 1));
nanos('leafCovering, a geohash of 7', covering);

const coast = Array.from({ length: 5000 }, (_, i) => {
  const turn = (i / 5000) * 2 * Math.PI;
  const reach = 0.15 + 0.02 * random.unit();
  return [10.75 + 2 * reach * Math.cos(turn), 59.91 + reach * Math.sin(turn)];
});
const city = parseBoundary({ type: 'Polygon', coordinates: [coast] });
if (!city.ok) throw new Error(city.error.detail);
for (const length of [5, 6, 7]) {
  const cover = coverPolygon(city.value, length, 1_000_000);
  const ns = timeNs(3, () => (coverPolygon(city.value, length, 1_000_000).ok ? 1 : 0));
  const cells = cover.ok ? cover.value.length : 0;
  millis(`coverPolygon, 5000 points, ${cells} cells of ${length}`, ns);
}

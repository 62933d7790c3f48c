// A ring of a polygon as written, and unwrapped: its longitudes made continuous where it crosses the antimeridian.

/** Positions as [lng, lat]. */
export type Ring = readonly (readonly [lng: number, lat: number])[];

/**
 * The ring without its closing point and repeated points, its longitudes continuous and its westernmost in [-180, 180).
 * A step of more than 180° of longitude goes the short way. A ring that ends a whole turn from its start is closed over the
 * nearer pole. A ring that would lose all its width (the world, or a belt round it, in four corners) stays as written.
 * `undefined` when it has no area: fewer than three points, or all on a line.
 */
export function unwrapRing(written: Ring): Ring | undefined {
  const ring = withoutRepeats(written);
  const unwrapped = continuous(ring);
  const flat = isFlat(unwrapped);
  if (flat && isFlat(ring)) return undefined;
  const kept = flat ? ring : unwrapped;
  const west = kept.reduce((least, [lng]) => Math.min(least, lng), Number.POSITIVE_INFINITY);
  const turn = Math.floor((west + 180) / 360) * 360;
  return turn === 0 ? kept : kept.map(([lng, lat]) => [lng - turn, lat] as const);
}

function withoutRepeats(ring: Ring): Ring {
  const kept: (readonly [number, number])[] = [];
  for (const position of ring) {
    if (!same(kept.at(-1), position)) kept.push(position);
  }
  while (kept.length > 1 && same(kept.at(-1), kept[0] as Ring[number])) kept.pop();
  return kept;
}

function same(a: Ring[number] | undefined, b: Ring[number]): boolean {
  return a !== undefined && a[0] === b[0] && a[1] === b[1];
}

function continuous(ring: Ring): Ring {
  const start = ring[0];
  if (start === undefined) return ring;
  const steps = ring.map(([lng], i) => shortStep((ring[i - 1] ?? start)[0], lng));
  const closing = shortStep((ring.at(-1) ?? start)[0], start[0]);
  const jumps = steps.some((step, i) => step.turned && i > 0) || closing.turned;
  if (!jumps) return ring;
  let offset = 0;
  const out = ring.map(([lng, lat], i) => {
    offset += (steps[i] as Step).offset;
    return [lng + offset, lat] as const;
  });
  offset += closing.offset;
  if (offset === 0) return out;
  const pole = ring.reduce((sum, [, lat]) => sum + lat, 0) >= 0 ? 90 : -90;
  return [...out, [start[0] + offset, start[1]], [start[0] + offset, pole], [start[0], pole]];
}

type Step = { readonly offset: number; readonly turned: boolean };

/** What to add to `to`, in whole turns, so that it lies at most 180° from `from`. */
function shortStep(from: number, to: number): Step {
  let offset = 0;
  while (to + offset - from > 180) offset -= 360;
  while (to + offset - from < -180) offset += 360;
  return { offset, turned: offset !== 0 };
}

/** True when all points lie on one line (or there are fewer than three). */
function isFlat(ring: Ring): boolean {
  const [start, second] = ring;
  if (start === undefined || second === undefined) return true;
  // After the unwrapping, neighbours may coincide: measure from the point that lies farthest from the start.
  let far = second;
  for (const position of ring) {
    if (reach(start, position) > reach(start, far)) far = position;
  }
  const tolerance = 1e-15 * reach(start, far) ** 2;
  return ring.every(([lng, lat]) => {
    const cross = (far[0] - start[0]) * (lat - start[1]) - (far[1] - start[1]) * (lng - start[0]);
    return Math.abs(cross) <= tolerance;
  });
}

function reach(a: Ring[number], b: Ring[number]): number {
  return Math.max(Math.abs(a[0] - b[0]), Math.abs(a[1] - b[1]));
}

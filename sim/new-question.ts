// What a simulated person asks: now and then under a key, which they may have used before with another body.
import { encode } from '../src/geo/geohash.ts';
import type { Point } from '../src/geo/point.ts';
import type { Prng } from '../src/lib/prng.ts';
import type { NewQuestion } from '../src/messages/records.ts';
import { type HomeKey, questionId, type UserId } from '../src/protocol/ids.ts';
import { TOPICS } from './map.ts';
import { LANGUAGES } from './words.ts';

/** @param n tells it from the others of a run. */
export function newQuestion(draw: Prng, user: UserId, point: Point, n: number, gridLength: number): NewQuestion {
  const keyed = draw.chance(1, 2);
  const key = keyed ? `key${draw.chance(1, 4) ? 'same' : n}` : undefined;
  const token = `${user}${key ?? `r${n}${draw.u32()}`}`
    .toLowerCase()
    .replace(/[^0-9a-z]/g, '')
    .padEnd(8, '0')
    .slice(0, 40);
  return {
    id: questionId(encode(point, gridLength) as HomeKey, token),
    asker: user,
    ...(key === undefined ? {} : { key, bodyHash: key.endsWith('same') ? `h${n}` : 'h' }),
    point,
    text: `question ${n}`,
    ...(draw.chance(2, 3) ? { topic: draw.pick(TOPICS) } : {}),
    languages: draw.chance(1, 3) ? [draw.pick(LANGUAGES)] : [],
    radiusM: draw.pick([300, 600, 1200]),
    answersWanted: draw.chance(1, 4) ? 2 + draw.below(2) : 1,
    expiresInMs: 60_000 + draw.below(180_000),
  };
}

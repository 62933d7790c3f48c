import { describe, expect, it } from 'vitest';
import { distanceM } from '../../../../src/geo/distance.ts';
import { type MultiPolygon, parseBoundary, polygonContains } from '../../../../src/geo/polygon.ts';
import { isUserId } from '../../../../src/protocol/ids.ts';
import { cityMap } from '../../../../tools/traffic/city-map.ts';
import { DEMO_BOUNDARY, DEMO_PLACES } from '../../../../tools/traffic/outline.ts';
import { type Script, script } from '../../../../tools/traffic/script.ts';

const make = (seed: number): Script => script({ seed, users: 40, places: DEMO_PLACES, everyMs: 1000 });

/** Everything that a script says within a while, as one value. */
function played({ characters, lines }: Script) {
  const asked = lines();
  return {
    cast: characters.map(({ id, topics, languages, capacity, pace }) => ({
      id,
      topics,
      languages,
      capacity,
      pace: pace.name,
    })),
    moves: characters.map(({ route }) => [0, 5000, 60_000, 600_000].map(route)),
    lines: Array.from({ length: 200 }, () => asked.next().value),
  };
}

function demoCity(): MultiPolygon {
  const boundary = parseBoundary(DEMO_BOUNDARY);
  if (!boundary.ok) throw new Error(boundary.error.detail);
  return boundary.value;
}

describe('a script', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(played(make(7))).toEqual(played(make(7)));
    expect(played(make(7))).not.toEqual(played(make(8)));
  });

  it('has people with ids of their own who move at their pace, inside the city', () => {
    const { characters } = make(3);
    expect(new Set(characters.map(({ id }) => id)).size).toBe(40);
    const city = demoCity();
    for (const { id, route, pace } of characters) {
      expect(isUserId(id)).toBe(true);
      let before = route(0);
      for (let atMs = 10_000; atMs <= 1_800_000; atMs += 10_000) {
        const now = route(atMs);
        expect(distanceM(before, now)).toBeLessThanOrEqual(pace.speedMps * 10 + 1);
        expect(polygonContains(city, now), `${id} at ${now.lat}, ${now.lng}`).toBe(true);
        before = now;
      }
    }
  });

  it('asks in order, at the rate that was wished, about topics that somebody takes', () => {
    const { characters, lines } = make(5);
    const asked = lines();
    let lastMs = 0;
    const count = 2000;
    for (let i = 0; i < count; i++) {
      const { atMs, topic, asker } = asked.next().value;
      expect(atMs).toBeGreaterThanOrEqual(lastMs);
      lastMs = atMs;
      expect(characters[asker]).toBeDefined();
      if (topic !== undefined) expect(characters.some(({ topics }) => topics.includes(topic))).toBe(true);
    }
    expect(lastMs / count).toBeGreaterThan(850);
    expect(lastMs / count).toBeLessThan(1150);
  });
});

describe('the map', () => {
  it('shows the city in two shades, and marks where they are', () => {
    const lines = cityMap(demoCity(), 5, { columnsMax: 40, rowsMax: 100 }).draw([
      { lat: 37.7793, lng: -122.4192, sign: 'o' },
      { lat: 37.7793, lng: -122.4192, sign: '?' },
      { lat: 50, lng: 10, sign: 'x' },
    ]);
    const text = lines.join('\n');
    expect(text).toMatch(/\./);
    expect(text).toMatch(/:/);
    expect(text.match(/\?/g)).toHaveLength(1);
    expect(text).not.toMatch(/[ox]/);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40);
    expect(lines.length).toBeGreaterThan(10);
    expect(cityMap(demoCity(), 5, { columnsMax: 200, rowsMax: 12 }).draw([]).length).toBeLessThanOrEqual(12);
  });
});

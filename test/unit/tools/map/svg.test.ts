// The SVG of a city: well formed, to scale, every cell in it, and nothing of a name that could break out of it.
import { describe, expect, it } from 'vitest';
import { distanceM } from '../../../../src/geo/distance.ts';
import { parseBoundary } from '../../../../src/geo/polygon.ts';
import { projection, scaleBar } from '../../../../tools/map/projection.ts';
import { drawSvg } from '../../../../tools/map/svg.ts';

const parsed = parseBoundary({
  type: 'Polygon',
  coordinates: [
    [
      [10.6, 59.8],
      [10.8, 59.8],
      [10.7, 60],
    ],
  ],
});
if (!parsed.ok) throw new Error('a bad test');
const oslo = { id: 'oslo', name: 'Oslo', boundary: parsed.value };
const CELLS = ['u4xst', 'u4xsv', 'u4xsw0', 'u4xsw1'];

describe('drawSvg', () => {
  it('draws each cell once, by its length, under the boundary', () => {
    const svg = drawSvg({ ...oslo, cells: CELLS.map((cell) => ({ cell })) });
    const five = svg.match(/class="cells l5[^"]*" d="([^"]*)"/)?.[1] ?? '';
    const six = svg.match(/class="cells l6[^"]*" d="([^"]*)"/)?.[1] ?? '';
    expect([five.match(/M/g)?.length, six.match(/M/g)?.length]).toEqual([2, 2]);
    expect(svg.indexOf('class="outline"')).toBeGreaterThan(svg.indexOf('class="cells l6'));
    expect(svg).toContain('4 cells (2 of length 5, 2 of length 6)');
    expect(svg).toMatch(/prefers-color-scheme:dark/);
    expect(svg).toContain('>u4xst</text>');
    expect(svg).not.toContain('% used');
  });

  it.each([0, 45, -180, 170])('draws a ring round a pole that begins at %i within the picture', (start) => {
    const ring = Array.from({ length: 36 }, (_, i) => [((start + i * 10 + 540) % 360) - 180, 88]);
    const polar = parseBoundary({ type: 'Polygon', coordinates: [ring] });
    if (!polar.ok) throw new Error('a bad test');
    const cells = ['upb', 'zzz', 'bpb', 'gzz'].map((cell) => ({ cell }));
    const svg = drawSvg({ id: 'pole', name: 'Pole', boundary: polar.value, cells });
    const xs = [...svg.matchAll(/[ML](-?[\d.]+) /g)].map(([, x]) => Number(x));
    expect(Math.min(...xs)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...xs)).toBeLessThanOrEqual(912);
  });

  it('draws hot cells over the others, each with its words', () => {
    const used = [0.1, 0.55, 0.8, 1.5];
    const svg = drawSvg({ ...oslo, cells: CELLS.map((cell, at) => ({ cell, used: used[at] ?? 0 })) });
    expect(svg.match(/<path class="cells (warm|hot|split)[ "]/g)).toHaveLength(3);
    expect(svg).toContain('<title>u4xsw1: 150 % of what it can carry</title>');
    expect(svg).toContain('75 % used');
  });

  it('is XML whatever the city is called', () => {
    const svg = drawSvg({ ...oslo, name: '<script>"A" & B</script>', cells: [{ cell: 'u4xst' }] });
    expect(svg).toContain('&lt;script&gt;&quot;A&quot; &amp; B&lt;/script&gt;');
    expect(svg).not.toContain('<script');
    const open = svg.match(/<(svg|g|text|title|style|rect|path)\b[^>]*(?<!\/)>/g)?.length;
    expect(svg.match(/<\/(svg|g|text|title|style)>/g)?.length).toBe(open);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe('the projection', () => {
  it('is to scale, and its bar is a round distance', () => {
    const flat = projection({ minLat: 59.8, minLng: 10.6, maxLat: 60, maxLng: 10.8 }, 800, 600);
    const middle = { lat: 59.9, lng: 10.6 };
    const acrossM = distanceM(middle, { lat: 59.9, lng: 10.8 });
    expect((flat.x(10.8) * flat.metresPerUnit) / acrossM).toBeCloseTo(1, 2);
    expect([flat.x(10.6), flat.y(60)]).toEqual([0, 0]);
    expect(Math.max(flat.width / 800, flat.height / 600)).toBeCloseTo(1, 9);
    expect(scaleBar(10, 130)).toEqual({ units: 100, label: '1 km' });
    expect(scaleBar(3, 100)).toEqual({ units: 200 / 3, label: '200 m' });
  });
});

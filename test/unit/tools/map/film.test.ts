// The recording of a demo: one value for each frame, whatever came and went.
import { describe, expect, it } from 'vitest';
import { parseBoundary } from '../../../../src/geo/polygon.ts';
import { drawFilm, type Frame } from '../../../../tools/map/film.ts';

const boundary = parseBoundary({
  type: 'Polygon',
  coordinates: [
    [
      [-122.5, 37.7],
      [-122.4, 37.7],
      [-122.4, 37.8],
      [-122.5, 37.7],
    ],
  ],
});
if (!boundary.ok) throw new Error('the boundary is bad');
const at = (n: number) => ({ lat: 37.75, lng: -122.45 + n / 1000 });
const frame = (n: number, states: readonly ('open' | 'dormant')[]): Frame => ({
  people: [at(0), at(n)],
  questions: states.map((state, i) => ({ id: `q${i}`, state, ...at(i) })),
  numbers: `asked ${n} & counting`,
  sentence: '<nothing>',
});
const frames = [frame(1, ['open']), frame(2, ['dormant', 'open']), frame(3, [])];
const coverage = { id: 'town', name: 'Town', boundary: boundary.value, cells: [{ cell: '9q8yy' }] };
const svg = drawFilm({ coverage, frames, everyMs: 500 });

describe('a recording', () => {
  it('moves who moves, and stands still for who does not', () => {
    expect(svg.match(/<circle class="person" r="3.5"/g)).toHaveLength(2);
    expect(svg.match(/attributeName="cx"/g)).toHaveLength(1);
    expect(svg).not.toContain('attributeName="cy"');
    expect(svg).toContain('dur="1.5s"');
  });

  it('shows each question while it was there, in its state', () => {
    expect(svg).toContain('values="0.85;0.85;0"');
    expect(svg).toContain('values="0;0.85;0"');
    expect(svg).toContain('attributeName="class" calcMode="discrete" values="open;dormant;open"');
  });

  it('says what was said, safely, each line once', () => {
    expect(svg).toContain('asked 1 &amp; counting');
    expect(svg.match(/&lt;nothing&gt;/g)).toHaveLength(1);
    expect(svg).toContain('values="0 0;0 -24;0 -48"');
  });
});

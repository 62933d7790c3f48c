// Cities in a terminal: every cell is seen, whatever its length; hot ones are marked; lines fit; colour only when asked for.
import { describe, expect, it } from 'vitest';
import { planCity } from '../../../../src/city/plan.ts';
import { children } from '../../../../src/geo/geohash.ts';
import { parseBoundary } from '../../../../src/geo/polygon.ts';
import type { Coverage, CoveredCell } from '../../../../tools/map/coverage.ts';
import { drawTerminal } from '../../../../tools/map/terminal.ts';
import { hasRealData, readRealData } from '../../geo/real-data.ts';

const square = (west: number, south: number, side: number) => ({
  type: 'Polygon',
  coordinates: [
    [
      [west, south],
      [west + side, south],
      [west + side, south + side],
      [west, south + side],
      [west, south],
    ],
  ],
});

function coverage(boundary: unknown, precision: number, split: (cell: string, at: number) => boolean = () => false) {
  const plan = planCity({ id: 'a-city', name: 'A city', boundary, precision });
  const parsed = parseBoundary(boundary);
  if (!plan.ok || !parsed.ok) throw new Error('a bad test');
  const cells = plan.value.cells.flatMap((cell, at): readonly CoveredCell[] =>
    split(cell, at) ? children(cell).map((child) => ({ cell: child })) : [{ cell }],
  );
  return { id: 'a-city', name: 'A city', boundary: parsed.value, cells } satisfies Coverage;
}

const PLAIN = { columnsMax: 80, rowsMax: 30, colour: false };
const OSLO = square(10.6, 59.8, 0.1);
const bits = (line: string): number =>
  [...line].reduce((sum, sign) => {
    const code = sign.charCodeAt(0) - 0x2800;
    return code > 0 && code < 256 ? sum + code.toString(2).replaceAll('0', '').length : sum;
  }, 0);

describe('drawTerminal', () => {
  it('fits in the columns and rows it is given, with the scale and the counts below', () => {
    for (const columnsMax of [20, 40, 80, 120]) {
      const lines = drawTerminal(coverage(OSLO, 6), { ...PLAIN, columnsMax });
      expect(lines.length).toBeLessThanOrEqual(30 + 3);
      const drawn = lines.slice(0, -2);
      expect(Math.max(...drawn.map((line) => line.length))).toBeLessThanOrEqual(columnsMax);
      expect(lines.at(-1)).toMatch(/├─+┤ \d+ k?m {3}\d[\d,]* cells: \d[\d,]* of length 6/);
      expect(lines.join('')).not.toContain('\x1b');
    }
  });

  it('names cells where there is room, and draws smaller ones within a cell that was split', () => {
    const whole = drawTerminal(coverage(OSLO, 5), PLAIN);
    const first = coverage(OSLO, 5).cells[0]?.cell ?? '';
    expect(whole.join('\n')).toContain(first);
    const mixed = drawTerminal(
      coverage(OSLO, 5, (cell) => cell === first),
      PLAIN,
    );
    expect(mixed.join('\n')).not.toContain(first);
    const dots = (lines: readonly string[]): number => lines.reduce((sum, line) => sum + bits(line), 0);
    expect(dots(mixed)).toBeGreaterThan(dots(whole));
    expect(mixed.at(-1)).toMatch(/of length 5, 32 of length 6/);
  });

  it('marks hot cells by how hot they are, and names the hottest', () => {
    const { cells, ...rest } = coverage(OSLO, 5);
    const hot = cells.map(({ cell }, at) => ({ cell, used: [1.2, 0.8, 0.6][at] ?? 0.1 }));
    const lines = drawTerminal({ ...rest, cells: hot }, PLAIN);
    for (const sign of ['▲', '●', '○']) expect(lines.slice(0, -2).join('')).toContain(sign);
    expect(lines.at(-1)).toContain(`hottest: ${cells[0]?.cell} 120 %, ${cells[1]?.cell} 80 %`);
    const cool = drawTerminal({ ...rest, cells: cells.map(({ cell }) => ({ cell, used: 0.2 })) }, PLAIN);
    expect(cool.at(-1)).toBe('no cell carries half of what it can before it splits');
  });

  it('takes colours on a terminal alone, and ends each', () => {
    const lines = drawTerminal(coverage(OSLO, 6), { ...PLAIN, colour: true });
    const coloured = lines.filter((line) => line.includes('\x1b'));
    expect(coloured.length).toBeGreaterThan(5);
    expect(coloured.filter((line) => !line.endsWith('\x1b[0m'))).toEqual([]);
  });

  it('draws a city over the antimeridian as one', () => {
    const lines = drawTerminal(coverage(square(179.9, -17, 0.2), 5), PLAIN);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines.at(-1)).toMatch(/├─+┤ (5|10) km/);
  });

  it.skipIf(!hasRealData('boundaries'))('draws real cities of thousands of cells at once (needs the real data)', () => {
    const boundary: unknown = JSON.parse(readRealData('boundaries/new_york_boroughs.geojson.gz'));
    const startMs = performance.now();
    const lines = drawTerminal(
      coverage(boundary, 6, (_, at) => at % 100 === 0),
      PLAIN,
    );
    expect(performance.now() - startMs).toBeLessThan(3000);
    expect(lines.at(-1)).toMatch(/2,289 cells: 1,713 of length 6, 576 of length 7/);
    expect(lines.filter((line) => bits(line) > 0).length).toBeGreaterThan(20);
  });
});

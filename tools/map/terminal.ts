// A city in a terminal: its cells as outlines in braille, whatever their lengths; its ground stippled, its hot cells marked.
import { count } from '../support/progress.ts';
import { type Coverage, countByLength, extentOf, HEATS, heatOf, outlines, placed } from './coverage.ts';
import { Dots } from './dots.ts';
import { paintEdges, scanPolygon } from './fill.ts';
import { projection, scaleBar } from './projection.ts';

export type TerminalOptions = {
  readonly columnsMax: number;
  readonly rowsMax: number;
  readonly colour: boolean;
};

/** Outlines and stipples need room; a smaller cell is drawn as a full one. */
const OUTLINE_DOTS_MIN = 3;
const STIPPLE_DOTS_MIN = 8;
const STIPPLE_EVERY = 4;

// Terminal colours: by length of the cell, so that what was split stands out; by heat before that.
const LENGTH_COLOURS: Readonly<Record<number, string>> = { 3: '34', 4: '34', 5: '36', 6: '32', 7: '35' };
const HEAT_COLOURS = { warm: '33', hot: '91', split: '1;97;41' } as const;
const BOUNDARY_COLOUR = '1;97';

/** Lines of text, a legend below. Every line fits in `columnsMax`. */
export function drawTerminal(coverage: Coverage, options: TerminalOptions): readonly string[] {
  const { cells, boundary } = coverage;
  const { columnsMax, rowsMax, colour } = options;
  const flat = projection(extentOf(coverage), columnsMax * 2 - 1, rowsMax * 4 - 1);
  const dots = new Dots(Math.ceil(flat.width) + 1, Math.ceil(flat.height) + 1);
  const boxes = cells.map(({ cell }) => {
    const { minLat, maxLat, minLng, maxLng } = placed(cell, boundary);
    const west = Math.round(flat.x(minLng));
    const north = Math.round(flat.y(maxLat));
    const east = Math.max(west + 1, Math.round(flat.x(maxLng)));
    const south = Math.max(north + 1, Math.round(flat.y(minLat)));
    return { west, north, east, south };
  });
  const longest = Math.max(...cells.map(({ cell }) => cell.length));
  for (const [at, box] of boxes.entries()) {
    const tiny = box.east - box.west < OUTLINE_DOTS_MIN || box.south - box.north < OUTLINE_DOTS_MIN;
    // Neighbours share an edge: each cell draws all four sides, one dot over, and equal dots fall together.
    if (!tiny) dots.outline(box);
    else dots.fill(box, cells[at]?.cell.length === longest ? 'full' : 'half');
    dots.tint(box, tintOf(coverage, at));
  }
  stipple(coverage, boxes, dots, flat);
  if (colour)
    for (const edges of outlines(boundary)) paintEdges(edges, flat, (x, y) => dots.ink(x, y, BOUNDARY_COLOUR));
  label(coverage, boxes, dots);
  return [...dots.lines(colour), '', ...legend(coverage, flat.metresPerUnit, options)];
}

type Box = { readonly west: number; readonly north: number; readonly east: number; readonly south: number };

function tintOf({ cells }: Coverage, at: number): { readonly colour: string; readonly rank: number } {
  const cell = cells[at];
  if (cell === undefined) return { colour: '', rank: 0 };
  const heat = heatOf(cell);
  if (heat !== undefined) return { colour: HEAT_COLOURS[heat], rank: 10 + (cell.used ?? 0) };
  return { colour: LENGTH_COLOURS[cell.cell.length] ?? '37', rank: cell.cell.length };
}

/** Within large cells a few dots tell land that the boundary holds from what the cells only touch. */
function stipple({ boundary }: Coverage, boxes: readonly Box[], dots: Dots, flat: ReturnType<typeof projection>): void {
  const roomy = boxes.some(({ west, east, north, south }) => Math.min(east - west, south - north) >= STIPPLE_DOTS_MIN);
  if (!roomy) return;
  const small = boxes.filter(({ west, east, north, south }) => Math.min(east - west, south - north) < STIPPLE_DOTS_MIN);
  const taken = new Dots(dots.width, dots.height);
  for (const box of small) taken.fill(box);
  for (const edges of outlines(boundary)) {
    scanPolygon(edges, flat, dots.width, dots.height, (x, y) => {
      const odd = Math.floor(y / STIPPLE_EVERY) % 2 === 1 ? STIPPLE_EVERY / 2 : 0;
      if (y % STIPPLE_EVERY === 2 && (x + odd) % STIPPLE_EVERY === 2 && !taken.has(x, y)) dots.set(x, y);
    });
  }
}

/** The names of cells that have room for them, and a sign for each hot one. */
function label({ cells }: Coverage, boxes: readonly Box[], dots: Dots): void {
  const marks = cells.flatMap((cell, at) => {
    const box = boxes[at];
    return box === undefined ? [] : [{ cell, box, sign: HEATS.find(({ heat }) => heat === heatOf(cell))?.sign ?? '' }];
  });
  // The hottest is written last, over the others.
  marks.sort((a, b) => (a.cell.used ?? 0) - (b.cell.used ?? 0));
  for (const { cell, box, sign } of marks) {
    const column = Math.floor((box.west + box.east) / 4);
    const row = Math.floor((box.north + box.south) / 8);
    const name = `${sign}${cell.cell}`;
    const roomy = (box.east - box.west) / 2 >= name.length + 2 && box.south - box.north >= 12;
    if (roomy) dots.write(column - Math.floor(name.length / 2), row, name);
    else if (sign !== '') dots.write(column, row, sign);
  }
}

function legend(coverage: Coverage, metresPerDot: number, { columnsMax, colour }: TerminalOptions): readonly string[] {
  const { cells } = coverage;
  const lengths = countByLength(cells).map(([length, of]) => {
    const words = `${count(of)} of length ${length}`;
    return colour ? `\x1b[${LENGTH_COLOURS[length] ?? '37'}m${words}\x1b[0m` : words;
  });
  const bar = scaleBar(metresPerDot * 2, Math.min(24, columnsMax / 3));
  const rule = `├${'─'.repeat(Math.max(0, Math.round(bar.units) - 2))}┤ ${bar.label}`;
  const noun = cells.length === 1 ? 'cell' : 'cells';
  const lines = [`${rule}   ${count(cells.length)} ${noun}: ${lengths.join(', ')}`];
  const asked = cells.some(({ used }) => used !== undefined);
  if (!asked) return lines;
  const hot = cells.filter((cell) => heatOf(cell) !== undefined).sort((a, b) => (b.used ?? 0) - (a.used ?? 0));
  if (hot.length === 0) return [...lines, 'no cell carries half of what it can before it splits'];
  const named = hot.slice(0, 4).map(({ cell, used = 0 }) => `${cell} ${Math.round(used * 100)} %`);
  const more = hot.length > named.length ? `, and ${hot.length - named.length} more` : '';
  const signs = HEATS.map(({ sign, from }) => `${sign} ${Math.round(from * 100)} %`).join('  ');
  return [...lines, `used: ${signs}   hottest: ${named.join(', ')}${more}`];
}

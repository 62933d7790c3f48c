// A city as an SVG that stands alone: cells under the boundary, title, scale bar and legend, in the reader's light or dark.
import { areaKm2 } from '../../src/city/area.ts';
import { count } from '../support/progress.ts';
import {
  type Coverage,
  type CoveredCell,
  countByLength,
  extentOf,
  HEATS,
  heatOf,
  outlines,
  placed,
} from './coverage.ts';
import { type Projection, projection, scaleBar } from './projection.ts';
import { escaped, ringPath, round } from './svg-parts.ts';

const MARGIN = 24;
const HEAD = 64;
const FOOT = 56;
const MAP_WIDTH_MAX = 912;
const MAP_HEIGHT_MAX = 760;
/** Title and legend need this much, however narrow the city. */
const WIDTH_MIN = 560;
/** The text of a name is about this wide for each letter. */
const NAME_LETTER = 7.5;
/** Lines between smaller cells would be all that one sees. */
const LINED_MIN = 3;

export function drawSvg(coverage: Coverage): string {
  const { name, boundary, cells } = coverage;
  const flat = projection(extentOf(coverage), MAP_WIDTH_MAX, MAP_HEIGHT_MAX);
  const width = Math.round(Math.max(WIDTH_MIN, flat.width + 2 * MARGIN));
  const height = Math.round(HEAD + flat.height + FOOT);
  const left = (width - flat.width) / 2;
  const facts = factsOf(cells);
  // A path for each polygon: they are a union, while within each holes go by even and odd.
  const outline = outlines(boundary).map((edges) => `<path d="${ringPath(edges, flat)}"/>`);

  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title facts">`,
    `<style>${STYLE}</style>`,
    `<rect class="ground" width="${width}" height="${height}"/>`,
    `<text id="title" class="title" x="${MARGIN}" y="32">${escaped(name)}</text>`,
    `<text id="facts" class="facts" x="${MARGIN}" y="52">${escaped(facts)}</text>`,
    `<g transform="translate(${round(left)} ${HEAD})">`,
    ...layers(coverage, flat),
    '<g class="outline">',
    ...outline,
    '</g>',
    ...names(coverage, flat),
    '</g>',
    ...foot(coverage, flat, width, HEAD + flat.height),
    '</svg>',
    '',
  ].join('\n');
}

const STYLE = `
:root{--ground:#fdfdfb;--ink:#1d2329;--soft:#5c6670;--line:#1d2329;--c3:#dbe7f6;--c4:#c9dcf2;--c5:#b9d3ef;--c6:#9fd6c3;--c7:#d3bdea;--edge:#5c7fa8;--warm:#ffd166;--hot:#f3722c;--split:#c1121f}
@media(prefers-color-scheme:dark){:root{--ground:#14181d;--ink:#eef1f4;--soft:#a3adb8;--line:#eef1f4;--c3:#1b2a3c;--c4:#1f3350;--c5:#244064;--c6:#1f5a4c;--c7:#51366f;--edge:#7fa3cf;--warm:#a97a10;--hot:#c2510f;--split:#e5383b}}
text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;fill:var(--ink)}
.ground{fill:var(--ground)}.title{font-size:20px;font-weight:600}.facts,.note{font-size:13px;fill:var(--soft)}
.cells{stroke:var(--edge);stroke-width:.8;stroke-opacity:.75}.small{stroke-width:0}
.l3{fill:var(--c3)}.l4{fill:var(--c4)}.l5{fill:var(--c5)}.l6{fill:var(--c6)}.l7{fill:var(--c7)}
.warm{fill:var(--warm)}.hot{fill:var(--hot)}.split{fill:var(--split)}
.outline{fill:var(--line);fill-opacity:.1;fill-rule:evenodd;stroke:var(--line);stroke-width:1.1;stroke-opacity:.8;stroke-linejoin:round}
.name{font-size:12px;text-anchor:middle;paint-order:stroke;stroke:var(--ground);stroke-width:3px;stroke-opacity:.75;stroke-linejoin:round}
.bar{fill:none;stroke:var(--ink);stroke-width:1.5}
`.trim();

function factsOf(cells: readonly CoveredCell[]): string {
  const km2 = areaKm2(cells.map(({ cell }) => cell));
  const lengths = countByLength(cells).map(([length, of]) => `${count(of)} of length ${length}`);
  const area = km2 < 100 ? km2.toFixed(1) : count(km2);
  return `${count(cells.length)} ${cells.length === 1 ? 'cell' : 'cells'} (${lengths.join(', ')}), ${area} km²`;
}

type Box = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

function boxOf(cell: string, { boundary }: Coverage, flat: Projection): Box {
  const { minLat, maxLat, minLng, maxLng } = placed(cell, boundary);
  const x = flat.x(minLng);
  const y = flat.y(maxLat);
  return { x, y, width: flat.x(maxLng) - x, height: flat.y(minLat) - y };
}

/** One path for all cells of a length, as there may be 50,000; hot cells stand over them, each with its own words. */
function layers(coverage: Coverage, flat: Projection): readonly string[] {
  const cool = countByLength(coverage.cells).map(([length]) => {
    const boxes = coverage.cells
      .filter(({ cell }) => cell.length === length)
      .map(({ cell }) => boxOf(cell, coverage, flat));
    return `<path class="cells l${length}${smallOf(boxes[0])}" d="${boxes.map(boxPath).join('')}"/>`;
  });
  const hot = coverage.cells.flatMap((cell) => {
    const heat = heatOf(cell);
    if (heat === undefined) return [];
    const box = boxOf(cell.cell, coverage, flat);
    const words = `${cell.cell}: ${Math.round((cell.used ?? 0) * 100)} % of what it can carry`;
    return [`<path class="cells ${heat}${smallOf(box)}" d="${boxPath(box)}"><title>${words}</title></path>`];
  });
  return [...cool, ...hot];
}

function smallOf(box: Box | undefined): string {
  return box !== undefined && box.width < LINED_MIN ? ' small' : '';
}

function names(coverage: Coverage, flat: Projection): readonly string[] {
  return coverage.cells.flatMap(({ cell }) => {
    const { x, y, width, height } = boxOf(cell, coverage, flat);
    if (width < cell.length * NAME_LETTER + 8 || height < 22) return [];
    return [`<text class="name" x="${round(x + width / 2)}" y="${round(y + height / 2 + 4)}">${cell}</text>`];
  });
}

function foot(coverage: Coverage, flat: Projection, width: number, top: number): readonly string[] {
  const y = round(top + 34);
  const bar = scaleBar(flat.metresPerUnit, 160);
  const entries = [
    ...countByLength(coverage.cells).map(([length]) => [`l${length}`, `length ${length}`] as const),
    ...(coverage.cells.some(({ used }) => used !== undefined)
      ? [...HEATS].reverse().map(({ heat, from }) => [heat, `${Math.round(from * 100)} % used`] as const)
      : []),
  ];
  let x = width - MARGIN - entries.reduce((sum, [, words]) => sum + entryWidth(words), 0);
  const legend = entries.flatMap(([name, words]) => {
    const at = x;
    x += entryWidth(words);
    return [
      `<rect class="cells ${name}" x="${round(at)}" y="${round(y - 11)}" width="14" height="14"/>`,
      `<text class="note" x="${round(at + 20)}" y="${y}">${words}</text>`,
    ];
  });
  const end = round(MARGIN + bar.units);
  return [
    `<path class="bar" d="M${MARGIN} ${y - 8}v8H${end}v-8"/>`,
    `<text class="note" x="${round(end + 8)}" y="${y}">${bar.label}</text>`,
    ...legend,
  ];
}

const entryWidth = (words: string): number => 20 + words.length * 7 + 14;

function boxPath({ x, y, width, height }: Box): string {
  return `M${round(x)} ${round(y)}h${round(width)}v${round(height)}h${round(-width)}z`;
}

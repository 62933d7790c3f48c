// A demo as a picture that moves: an SVG that stands alone, people and questions over the cells of the city, in the reader's light or dark.
import type { Bounds } from '../../src/geo/bounds.ts';
import type { Point } from '../../src/geo/point.ts';
import { type Coverage, extentOf, outlines, placed } from './coverage.ts';
import { type Projection, projection } from './projection.ts';
import { escaped, ringPath, round } from './svg-parts.ts';

export type FilmQuestion = Point & { readonly id: string; readonly state: 'open' | 'dormant' | 'matched' };

/** What there was to see at one moment; the people always in the same order. */
export type Frame = {
  readonly people: readonly Point[];
  readonly questions: readonly FilmQuestion[];
  readonly numbers: string;
  readonly sentence: string;
};

export type Film = {
  readonly coverage: Coverage;
  readonly frames: readonly Frame[];
  /** Between two frames. */
  readonly everyMs: number;
};

const WIDTH = 760;
const HEIGHT_MAX = 560;
const HEAD = 84;
const MARGIN = 20;
const LINE = 24;

const STYLE = `
:root{--ground:#fdfdfb;--ink:#1d2329;--soft:#5c6670;--cell:#e4edf7;--edge:#9db6d3;--person:#5c7fa8;--open:#f3722c;--dormant:#8a5cc2;--matched:#2a9d5c}
@media(prefers-color-scheme:dark){:root{--ground:#14181d;--ink:#eef1f4;--soft:#a3adb8;--cell:#1b2a3c;--edge:#3a5578;--person:#7fa3cf;--open:#ff8f4d;--dormant:#b48be8;--matched:#4fce87}}
text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;fill:var(--ink);font-size:15px}
.title{font-size:18px;font-weight:600}.soft{fill:var(--soft)}
.cell{fill:var(--cell);stroke:var(--edge);stroke-width:1}.outline{fill:none;stroke:var(--soft);stroke-width:1.2}
.person{fill:var(--person)}.open{fill:var(--open)}.dormant{fill:var(--dormant)}.matched{fill:var(--matched)}`;

export function drawFilm(film: Film): string {
  const { coverage, frames } = film;
  const { name, boundary, cells } = coverage;
  const flat = projection(extentOf(coverage), WIDTH - 2 * MARGIN, HEIGHT_MAX);
  const height = Math.round(HEAD + flat.height + 44);
  const run = `dur="${(frames.length * film.everyMs) / 1000}s" repeatCount="indefinite"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="t">`,
    `<style>${STYLE}</style>`,
    `<rect width="${WIDTH}" height="${height}" fill="var(--ground)"/>`,
    `<text id="t" class="title" x="${MARGIN}" y="30">${escaped(name)}</text>`,
    ...lines(
      frames.map(({ numbers }) => numbers),
      54,
      'soft',
      run,
    ),
    ...lines(
      frames.map(({ sentence }) => sentence),
      76,
      '',
      run,
    ),
    `<g transform="translate(${MARGIN + Math.round((WIDTH - 2 * MARGIN - flat.width) / 2)} ${HEAD})">`,
    ...cells.map(({ cell }) => rectOf(placed(cell, boundary), flat)),
    ...outlines(boundary).map((edges) => `<path class="outline" d="${ringPath(edges, flat)}"/>`),
    ...people(frames, flat, run),
    ...questions(frames, flat, run),
    '</g>',
    legend(height - 16),
    '</svg>',
    '',
  ].join('\n');
}

/** One line after the other behind a window that is one line high. */
function lines(texts: readonly string[], y: number, style: string, run: string): readonly string[] {
  const distinct = [...new Set(texts)];
  const at = texts.map((text) => `0 ${-LINE * distinct.indexOf(text)}`).join(';');
  return [
    `<svg aria-hidden="true" x="${MARGIN}" y="${y - 17}" width="${WIDTH - 2 * MARGIN}" height="${LINE - 2}"><g>`,
    `<animateTransform attributeName="transform" type="translate" calcMode="discrete" values="${at}" ${run}/>`,
    ...distinct.map((text, i) => `<text class="${style}" y="${17 + i * LINE}">${escaped(text)}</text>`),
    '</g></svg>',
  ];
}

function people(frames: readonly Frame[], flat: Projection, run: string): readonly string[] {
  const many = Math.min(...frames.map((frame) => frame.people.length));
  return Array.from({ length: many }, (_, i) => {
    const points = frames.flatMap(({ people }) => people[i] ?? []);
    const [xs, ys] = [points.map(({ lng }) => round(flat.x(lng))), points.map(({ lat }) => round(flat.y(lat)))];
    return `<circle class="person" r="3.5" cx="${xs[0]}" cy="${ys[0]}">${moves('cx', xs, run)}${moves('cy', ys, run)}</circle>`;
  });
}

function moves(name: string, values: readonly number[], run: string): string {
  return new Set(values).size === 1 ? '' : `<animate attributeName="${name}" values="${values.join(';')}" ${run}/>`;
}

/** Each for as long as it was there, in the colour of its state. */
function questions(frames: readonly Frame[], flat: Projection, run: string): readonly string[] {
  const all = new Map(frames.flatMap((frame) => frame.questions.map((one) => [one.id, one] as const)));
  return [...all.values()].map(({ id, lat, lng }) => {
    const states = frames.map((frame) => frame.questions.find((one) => one.id === id)?.state);
    const styles = states.map((state) => state ?? 'open').join(';');
    const shown = states.map((state) => (state === undefined ? 0 : 0.85)).join(';');
    return [
      `<circle r="7" cx="${round(flat.x(lng))}" cy="${round(flat.y(lat))}" opacity="0">`,
      `<animate attributeName="opacity" calcMode="discrete" values="${shown}" ${run}/>`,
      `<animate attributeName="class" calcMode="discrete" values="${styles}" ${run}/></circle>`,
    ].join('');
  });
}

function legend(y: number): string {
  const signs = [
    ['person', 'person'],
    ['open', 'question'],
    ['dormant', 'sleeping question'],
    ['matched', 'matched'],
  ] as const;
  return signs
    .map(([style, text], i) => {
      const x = MARGIN + 6 + i * 170;
      return `<circle class="${style}" r="6" cx="${x}" cy="${y - 5}"/><text class="soft" x="${x + 12}" y="${y}">${text}</text>`;
    })
    .join('');
}

function rectOf({ minLat, maxLat, minLng, maxLng }: Bounds, flat: Projection): string {
  const [x, y] = [round(flat.x(minLng)), round(flat.y(maxLat))];
  return `<rect class="cell" x="${x}" y="${y}" width="${round(flat.x(maxLng) - x)}" height="${round(flat.y(minLat) - y)}"/>`;
}

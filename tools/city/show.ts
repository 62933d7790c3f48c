// `city show`: the cells of a city, drawn: of a file as they would be, of a city as they are, with what each carries.
import { existsSync } from 'node:fs';
import { parseBoundary } from '../../src/geo/polygon.ts';
import { isCityId } from '../../src/protocol/ids.ts';
import type { Coverage, CoveredCell } from '../map/coverage.ts';
import { drawSvg } from '../map/svg.ts';
import { drawTerminal } from '../map/terminal.ts';
import { writeSvg } from '../map/write-svg.ts';
import { UsageError } from '../support/args.ts';
import { counted, startProgress } from '../support/progress.ts';
import type { CityOptions } from './options.ts';
import { filesOf, plannedOf } from './request.ts';
import { type CityService, cityPath, cityService, print } from './service.ts';

const COLUMNS = 80;
const COLUMNS_MAX = 120;
const ROWS = 32;
/** The legend, the title and the prompt. */
const ROWS_BESIDE = 6;
/** To ask a cell is a call; of a larger city the shape is shown alone, unless its load is asked for. */
const LOAD_CELLS_MAX = 5000;

export async function show(options: CityOptions, subject: string | undefined): Promise<number> {
  if (subject === undefined) throw new UsageError('show needs the ID of a city or a FILE');
  const coverage = isFile(subject) ? planned(options, subject) : await asItIs(options, subject);
  if (options.json) print(JSON.stringify({ id: coverage.id, name: coverage.name, cells: coverage.cells }));
  if (options.svg !== undefined) {
    writeSvg(options.svg, drawSvg(coverage));
    process.stderr.write(`${options.svg}: ${coverage.name}, ${counted(coverage.cells.length, 'cell')}\n`);
  } else if (!options.json) {
    const { isTTY, columns = COLUMNS, rows = ROWS + ROWS_BESIDE } = process.stdout;
    const columnsMax = Math.max(20, Math.min(COLUMNS_MAX, columns));
    const rowsMax = Math.max(8, (isTTY ? rows : ROWS + ROWS_BESIDE) - ROWS_BESIDE);
    print(`${coverage.name} (${coverage.id})`);
    const colour = isTTY && process.env['NO_COLOR'] === undefined;
    for (const line of drawTerminal(coverage, { columnsMax, rowsMax, colour })) print(line);
    for (const { cell, state } of coverage.cells)
      if (state === 'unreadable') print(`${cell} cannot be read: npm run cell -- inspect ${cell} shows why`);
  }
  return 0;
}

/** An id has no dot and no slash. */
function isFile(subject: string): boolean {
  return !isCityId(subject) || (existsSync(subject) && /json/i.test(subject));
}

function planned(options: CityOptions, file: string): Coverage {
  const [cityFile] = filesOf(options, [file]);
  if (cityFile === undefined) throw new UsageError('FILE is required');
  const city = plannedOf(options, cityFile);
  const { id, name, cells } = city.plan;
  return { id, name, boundary: boundaryOf(city.request.boundary), cells: cells.map((cell) => ({ cell })) };
}

async function asItIs(options: CityOptions, id: string): Promise<Coverage> {
  const service = await cityService(options);
  const { body } = await service.call(cityPath(id));
  const city = body as {
    readonly name: string;
    readonly boundary: unknown;
    readonly cells: number;
    readonly state?: string;
  };
  const load = !options['no-load'] && city.cells <= LOAD_CELLS_MAX;
  const cells = await cellsOf(service, id, load, city.cells);
  const state = city.state === undefined || city.state === 'live' ? '' : `, ${city.state}`;
  return { id, name: `${city.name}${state}`, boundary: boundaryOf(city.boundary), cells };
}

type Page = { readonly items: readonly CoveredCell[]; readonly total: number; readonly next?: string };

/** All pages; a cell that was split between two of them may be missing, or stand with its children. */
async function cellsOf(
  service: CityService,
  id: string,
  load: boolean,
  total: number,
): Promise<readonly CoveredCell[]> {
  const bar = load && total > 900 ? startProgress({ label: 'asking cells', total }) : undefined;
  const cells: CoveredCell[] = [];
  let after: string | undefined;
  do {
    const query = new URLSearchParams({ city: id, ...(load ? {} : { load: 'false' }), ...(after ? { after } : {}) });
    const page = (await service.call(`/v1/ops/cells?${query}`)).body as Page;
    for (const { cell, used, state } of page.items)
      cells.push({ cell, ...(used === undefined ? {} : { used }), ...(state === 'unreadable' ? { state } : {}) });
    bar?.set(cells.length);
    after = page.next;
  } while (after !== undefined);
  bar?.finish();
  return cells;
}

function boundaryOf(geojson: unknown): Coverage['boundary'] {
  const parsed = parseBoundary(geojson);
  if (!parsed.ok) throw new Error(`bad_boundary: ${parsed.error.detail}`);
  return parsed.value;
}

// What ops sees at a glance: each city's load and headroom, the hottest cells, and which cell will be hot next.
import type { EpochMs } from '../lib/brand.ts';
import type { CellId, CityId } from '../protocol/ids.ts';
import type { CellLoad, CellStatus, CityLoad, CityStatus, HotNext, Status, ToldLoad } from '../protocol/status.ts';
import type { QuestionState } from '../protocol/views.ts';

/** A cell splits at twice what it is to carry in normal times. */
const TARGET: Status['target'] = { normal: 0.5, peak: 0.75, splits: 1 };

export type Seen = {
  readonly cities: readonly {
    readonly id: CityId;
    readonly name: string;
    readonly state: string;
    readonly cells: number;
  }[];
  readonly totals: readonly CityLoad[];
  readonly hottest: readonly ToldLoad[];
  /** What those that were asked just now answered, by cell. */
  readonly live: ReadonlyMap<CellId, CellLoad>;
  /** Those that gave no answer when they were asked just now, and the code of why. */
  readonly silent?: ReadonlyMap<CellId, string>;
};

/** Of a city of which no cell has told anything. */
const UNKNOWN: Carried = {
  users: null,
  questions: null,
  eventsPerS: null,
  sockets: null,
  outbox: null,
  queueAgeMs: null,
  alarmLagMs: null,
  used: null,
  headroom: null,
};

type Carried = Omit<CityStatus, 'id' | 'name' | 'state' | 'cells' | 'cellsTold'>;

export function statusOf({ cities, totals, hottest, live, silent }: Seen, now: EpochMs): Status {
  const cells = hottest
    .map((told) => cellStatus(told, live.get(told.cell), silent?.get(told.cell), now))
    .sort((a, b) => b.used - a.used || (a.cell < b.cell ? -1 : 1));
  return {
    at: new Date(now).toISOString(),
    target: TARGET,
    cities: cities.map((city) =>
      cityStatus(
        city,
        totals.find((one) => one.city === city.id),
        cells.filter((cell) => cell.city === city.id),
        hottest,
      ),
    ),
    cells,
    hotNext: hotNextOf(cells),
  };
}

function cellStatus(
  { toldAt, ...told }: ToldLoad,
  live: CellLoad | undefined,
  silent: string | undefined,
  now: EpochMs,
): CellStatus {
  const { t: _, ...load } = live ?? told;
  const asOf = new Date(live === undefined ? toldAt : now).toISOString();
  return {
    ...load,
    headroom: headroomOf(load.used),
    asOf,
    live: live !== undefined,
    ...(silent === undefined ? {} : { silent }),
  };
}

function cityStatus(
  city: Seen['cities'][number],
  told: CityLoad | undefined,
  seen: readonly CellStatus[],
  hottest: readonly ToldLoad[],
): CityStatus {
  const { id, name, state, cells } = city;
  const carried = told === undefined ? UNKNOWN : carriedBy(told, seen, hottest);
  return { id, name, state: state === 'draining' ? state : 'live', cells, cellsTold: told?.cells ?? 0, ...carried };
}

/** What was told, fixed by what those that were asked just now say. */
function carriedBy(told: CityLoad, seen: readonly CellStatus[], hottest: readonly ToldLoad[]): Carried {
  const before = new Map(hottest.map((load) => [load.cell, load]));
  const mended = (sum: number, of: (load: Omit<CellLoad, 't'>) => number): number =>
    seen.reduce((all, cell) => all + of(cell) - of(before.get(cell.cell) ?? cell), sum);
  // A peak that was told counts as long as it may be that of a cell that is not seen.
  const isWhole = seen.length >= told.cells;
  const most = (of: (load: Omit<CellLoad, 't'>) => number, known: number): number =>
    Math.max(isWhole ? 0 : known, ...seen.map(of));
  // The hottest that told is among those that are seen, so what these say now is what counts.
  const used = seen.length === 0 ? told.used : Math.max(...seen.map((cell) => cell.used));
  return {
    users: mended(told.users, (load) => load.users),
    questions: Object.fromEntries(
      Object.entries(told.questions).map(([state, n]) => [
        state,
        mended(n, (load) => load.questions[state as QuestionState]),
      ]),
    ) as Record<QuestionState, number>,
    eventsPerS: Math.round(mended(told.eventsPerS, (load) => load.eventsPerS) * 10) / 10,
    sockets: mended(told.sockets, (load) => load.sockets),
    outbox: mended(told.outbox, (load) => load.outbox),
    queueAgeMs: most((load) => load.queueAgeMs, told.queueAgeMs),
    alarmLagMs: most((load) => load.alarmLagMs, told.alarmLagMs),
    used,
    headroom: headroomOf(used),
  };
}

const TREND_FROM = 0.25;
const TREND_MAX_S = 2 * 3600;

/**
 * Of those with people that are not hot yet, the one that is first to be by its trend; when none rises, the hottest above what is usual.
 * A trend counts from a quarter of what a cell can carry on, and for two hours: half a minute's growth of a nearly empty cell says
 * nothing of tomorrow.
 */
function hotNextOf(cells: readonly CellStatus[]): HotNext | null {
  const cool = cells.filter((cell) => cell.users > 0 && cell.used < TARGET.splits);
  const rising = cool
    .filter((cell) => cell.used >= TREND_FROM && hotInOf(cell) <= TREND_MAX_S)
    .sort((a, b) => hotInOf(a) - hotInOf(b));
  const next = rising[0] ?? cool.find(({ used }) => used >= TARGET.normal);
  if (next === undefined) return null;
  const { cell, city, used } = next;
  const hotInS = rising[0]?.hotInS;
  return { cell, city, used, ...(hotInS === undefined ? {} : { hotInS }) };
}

const hotInOf = ({ hotInS = Number.POSITIVE_INFINITY }: CellStatus): number => hotInS;
const headroomOf = (used: number): number => Math.round((TARGET.splits - used) * 1000) / 1000;

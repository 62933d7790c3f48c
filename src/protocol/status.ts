// What the cells of a city carry, as ops sees it.
import type { EpochMs } from '../lib/brand.ts';
import type { CellId, CityId } from './ids.ts';
import type { QuestionState } from './views.ts';

/** What a cell is in the life of the map. Leaves decide; one that is `filling` waits for what its predecessors still have. */
export type LifeName = 'leaf' | 'splitting' | 'merging' | 'filling' | 'handing';

export type CellLoad = {
  readonly t: 'load';
  readonly cell: CellId;
  readonly city: CityId;
  readonly life: LifeName;
  /** Cells that it was split or merged out of, as long as they have not handed everything and everybody over to it. */
  readonly behind?: readonly CellId[];
  readonly users: number;
  /** Of the last half minute or so. */
  readonly eventsPerS: number;
  /** Mean time of a step, reckoned from the work that was counted. */
  readonly stepMs: number;
  /** Share of what the cell can carry before it splits: 0.5 in normal times, 0.75 at a peak. */
  readonly used: number;
  /** What comes in, on the same scale: from 0.75 on the cell pushes back. */
  readonly strain: number;
  /** When `used` reaches 1 by its present trend; absent: not within a day. */
  readonly hotInS?: number;
  /** How long the oldest question that looks for people has been looking. */
  readonly queueAgeMs: number;
  /** How late the last alarm ran. */
  readonly alarmLagMs: number;
  readonly sockets: number;
  readonly questions: Readonly<Record<QuestionState, number>>;
  /** When the last of its questions ends at the latest; 0: none is open. */
  readonly endsInMs: number;
  readonly beacons: number;
  readonly outbox: number;
  readonly journal: number;
};

export type ToldLoad = CellLoad & { readonly toldAt: EpochMs };

/** The sum of what the cells of a city told, and its hottest. */
export type CityLoad = {
  readonly city: CityId;
  readonly cells: number;
  readonly used: number;
  readonly users: number;
  readonly eventsPerS: number;
  readonly sockets: number;
  readonly outbox: number;
  readonly queueAgeMs: number;
  readonly alarmLagMs: number;
  readonly questions: Readonly<Record<QuestionState, number>>;
};

export type CellStatus = Omit<CellLoad, 't'> & {
  /** What is left of it: 1 − `used`. */
  readonly headroom: number;
  /** When it said so. */
  readonly asOf: string;
  /** It was asked just now. */
  readonly live: boolean;
  /** It was asked just now and did not say: the code of why. */
  readonly silent?: string;
};

/** What a city carries; `null` as long as no cell of it has told anything: unknown, which is not 0. */
export type CityStatus = { readonly [K in keyof Omit<CityLoad, 'city' | 'cells'>]: CityLoad[K] | null } & {
  readonly id: CityId;
  readonly name: string;
  /** `draining`: it is being removed, and takes no new questions. */
  readonly state: 'live' | 'draining';
  readonly cells: number;
  /** Of them, those that have told what they carry: the sums are over these. */
  readonly cellsTold: number;
  readonly headroom: number | null;
};

/** The cell that will be hot next, and when by its present trend, if it rises. */
export type HotNext = {
  readonly cell: CellId;
  readonly city: CityId;
  readonly used: number;
  readonly hotInS?: number;
};

export type Status = {
  readonly at: string;
  /** Shares of what a cell can carry before it splits. */
  readonly target: { readonly normal: number; readonly peak: number; readonly splits: number };
  readonly cities: readonly CityStatus[];
  readonly cells: readonly CellStatus[];
  readonly hotNext: HotNext | null;
};

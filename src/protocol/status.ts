// What the cells of a city carry, as ops sees it.
import type { EpochMs } from '../lib/brand.ts';
import type { CellId, CityId } from './ids.ts';
import type { CellLoad } from './records.ts';
import type { QuestionState } from './views.ts';

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

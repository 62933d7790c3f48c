// Ids, places and messages for the tests of cells and users: short to write, legal in every field.
import { center, neighbors } from '../../../src/geo/geohash.ts';
import type { Point } from '../../../src/geo/point.ts';
import { shifted } from '../../../src/geo/shifted.ts';
import { type EpochMs, epochMs } from '../../../src/lib/brand.ts';
import { DEFAULT_POLICY } from '../../../src/matching/policy.ts';
import type { MapRow } from '../../../src/messages/map-row.ts';
import type { Need } from '../../../src/messages/need.ts';
import type { Candidate, NewQuestion, Ping, UserRecord } from '../../../src/messages/records.ts';
import {
  type CellId,
  type CityId,
  type HomeKey,
  type OfferId,
  offerId,
  type QuestionId,
  questionId,
  type UserId,
} from '../../../src/protocol/ids.ts';
import type { Policy, TermName } from '../../../src/protocol/policy.ts';

/** 2026-11-20T00:00:00Z. */
export const START: EpochMs = epochMs(1_795_132_800_000);
/** San Francisco, 4.9 km by 3.9 km: the default radius around its centre stays inside. */
export const CELL = '9q8yy' as CellId;
/** The cells around it. */
export const NEAR = Object.values(neighbors(CELL)).filter((hash): hash is CellId => typeof hash === 'string');
export const EAST = neighbors(CELL).e as CellId;
export const WEST = neighbors(CELL).w as CellId;

export const user = (name: string): UserId => name as UserId;
export const cellId = (hash: string): CellId => hash as CellId;

export const ana = user('ana');
export const bob = user('bob');
export const cem = user('cem');
export const dee = user('dee');

/** A point so many metres east and north of the centre of a cell. */
export function at(eastM = 0, northM = 0, cell: string = CELL): Point {
  return shifted(center(cell), northM, eastM);
}

export function ping(point: Point = at(), more: Partial<Ping> = {}): Ping {
  return { point, profile: {}, session: 's', ...more };
}

/** The id of the n-th question whose home key lies in `cell`. */
export const qid = (n = 1, cell: string = CELL): QuestionId =>
  questionId(`${cell}00` as HomeKey, `t${String(n).padStart(7, '0')}`);
export const oid = (attempt: number, n = 1, cell: string = CELL): OfferId => offerId(qid(n, cell), attempt);

export function newQuestion(more: Partial<NewQuestion> = {}): NewQuestion {
  return { id: qid(), asker: ana, point: at(), text: 'where?', languages: [], answersWanted: 1, ...more };
}

export function need(more: Partial<Need> = {}): Need {
  return { questionId: qid(1, EAST), asker: ana, point: at(), radiusM: 1500, languages: [], excluded: [], ...more };
}

export function candidate(name: UserId, cell: CellId, more: Partial<Candidate> = {}): Candidate {
  return { user: name, cell, distanceM: 700, score: 5, terms: byTerm(() => 0.5), ...more };
}

/** Something for each term of the score. */
export function byTerm<T>(of: (name: TermName) => T): Record<TermName, T> {
  const names = Object.keys(DEFAULT_POLICY.weights) as TermName[];
  return Object.fromEntries(names.map((name) => [name, of(name)])) as Record<TermName, T>;
}

export function record(more: Partial<UserRecord> = {}): UserRecord {
  return {
    v: 1,
    profile: { topics: [], languages: [], capacity: 1 },
    point: at(),
    pointAgeMs: 0,
    leaseLeftMs: 60_000,
    idleMs: 600_000,
    coolLeftMs: 0,
    reputation: 0.5,
    pseudonym: 'u-1',
    blocked: [],
    holds: [],
    ...more,
  };
}

/** Policy sections to override, each in part. */
export type PolicyParts = { readonly [K in keyof Policy]?: Policy[K] extends object ? Partial<Policy[K]> : Policy[K] };

export function policyWith(parts: PolicyParts = {}): Policy {
  const { weights, offers, backOff, question, presence, limits, ...rest } = parts;
  const d = DEFAULT_POLICY;
  return {
    ...d,
    ...(rest as Partial<Policy>),
    weights: { ...d.weights, ...weights },
    offers: { ...d.offers, ...offers },
    backOff: { ...d.backOff, ...backOff },
    question: { ...d.question, ...question },
    presence: { ...d.presence, ...presence },
    limits: { ...d.limits, ...limits },
  };
}

export function mapRow(more: Partial<MapRow> = {}): MapRow {
  return { cell: CELL, city: 'sf' as CityId, version: 1, op: 'op-1', policy: DEFAULT_POLICY, near: NEAR, ...more };
}

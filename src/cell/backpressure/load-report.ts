// How much a cell carries, for ops: when asked, and of its own accord, seldom, so that nobody has to ask them all.

import { type Carried, SPLIT_AT, usedOf } from '../../city/cell-load.ts';
import { type EpochMs, epochMs } from '../../lib/brand.ts';
import type { Policy } from '../../protocol/policy.ts';
import type { CellLoad } from '../../protocol/status.ts';
import type { QuestionState } from '../../protocol/views.ts';
import { isShort } from '../questions/lifecycle.ts';
import { policyOf } from '../questions/need.ts';
import { hasEverybody } from '../resharding/phases.ts';
import { stillOpen } from '../resharding/removal.ts';
import type { CellState } from '../state.ts';
import { hasEnded } from '../tables/questions.ts';
import type { Step } from '../workspace.ts';
import { eventsPerS, noteUsers, stepMs, trendPerMin } from './meter.ts';
import { strainOf } from './pressure.ts';

/** A cell tells ops when it enters another of these bands of `used`; below the first there is only somebody or nobody. */
const BANDS = [0.05, 0.25, 0.5, 0.75, 0.9, 1, 1.5, 2.5] as const;
/**
 * At most this often, and not before its object has been awake for so long: one that sleeps between pings tells nothing. A part of a
 * cell that was split, and one that was merged of parts, tells at once when everybody is there: nobody else knows of them.
 */
const TELL_GAP_MS = 60_000;
const TELL_GAP_COLD_MS = 600_000;
/** What has not changed is told again, so that what was told long ago may be forgotten. */
const TELL_AGAIN_MS = 3_600_000;
const DAY_S = 86_400;

/** As long as ops has heard nothing of this cell, or is to hear no more. */
const NOTHING_TOLD = { band: 0, at: epochMs(0) };

/** What counts against the city's limits. */
export function carried(state: CellState, now: EpochMs): Carried {
  return {
    users: state.roster.size(),
    eventsPerS: eventsPerS(state.meter, now),
    stepMs: stepMs(state.meter),
  };
}

export function loadOf(state: CellState, now: EpochMs): CellLoad {
  const { cell, city } = state.mapRow;
  const { phase, behind } = state.role;
  const questions: Record<QuestionState, number> = {
    open: 0,
    dormant: 0,
    matched: 0,
    answered: 0,
    expired: 0,
    cancelled: 0,
  };
  let outbox = 0;
  let oldest: number = now;
  for (const [how, n] of state.questions.shelved()) questions[how] += n;
  for (const question of state.questions.present()) {
    questions[question.phase.t]++;
    if (isShort(question) && question.createdAt < oldest) oldest = question.createdAt;
    for (const stream of question.streams.values()) outbox += stream.items.length;
  }
  const load = carried(state, now);
  const { limits } = policyOf(state);
  const hotInS = hotIn(state, load, limits, now);
  return {
    t: 'load',
    cell,
    city,
    life: phase.t,
    ...(behind.length === 0 ? {} : { behind }),
    users: load.users,
    eventsPerS: rounded(load.eventsPerS, 1),
    stepMs: rounded(load.stepMs, 3),
    used: rounded(usedOf(load, limits), 3),
    strain: rounded(strainOf(load, limits), 3),
    ...(hotInS === undefined ? {} : { hotInS }),
    queueAgeMs: now - oldest,
    alarmLagMs: state.meter.alarmLagMs,
    sockets: state.sockets.size,
    questions,
    endsInMs: stillOpen(state, now).endsInMs,
    beacons: state.beacons.size,
    outbox,
    journal: state.journalLast,
  };
}

/** Tells ops, if there is something new to tell and it is time to. Runs in each step: looks at the clock before anything else. */
export function reportLoad(step: Step): void {
  const { state, now } = step;
  const { meter, lastReport } = state;
  noteUsers(meter, state.roster.size(), now);
  const { phase } = state.role;
  if (phase.t === 'handing' || phase.t === 'merging') {
    // Forgotten by the swap.
    Object.assign(lastReport, NOTHING_TOLD);
    return;
  }
  const isFilled = hasEverybody(state.role);
  const isNew = isFilled && !lastReport.isFilled;
  lastReport.isFilled = isFilled;
  const isYoung = meter.since === 0 || now - meter.since < TELL_GAP_MS;
  if (!isNew && (isYoung || now - lastReport.at < TELL_GAP_MS)) return;
  const band = bandOf(state, now);
  const isCold = band <= 1 && lastReport.band <= 1;
  const gapMs = isNew ? 0 : band === lastReport.band ? TELL_AGAIN_MS : isCold ? TELL_GAP_COLD_MS : TELL_GAP_MS;
  if (now - lastReport.at < gapMs || (band === 0 && lastReport.band === 0)) return;
  lastReport.band = band;
  lastReport.at = now;
  step.effects.load = loadOf(state, now);
}

/** 0: nobody here, and no question that has not ended. */
function bandOf(state: CellState, now: EpochMs): number {
  const used = usedOf(carried(state, now), policyOf(state).limits);
  const hot = BANDS.findLastIndex((from) => used >= from) + 1;
  if (hot > 0) return hot + 1;
  if (state.roster.size() > 0) return 1;
  for (const question of state.questions.present()) if (!hasEnded(question.phase)) return 1;
  return 0;
}

/** Seconds until the first measure reaches what splits the cell. */
function hotIn(state: CellState, load: Carried, limits: Policy['limits'], now: EpochMs): number | undefined {
  if (usedOf(load, limits) >= 1) return 0;
  const trend = trendPerMin(state.meter, load.users, now);
  const untilS = (value: number, perMin: number, limit: number): number =>
    perMin <= 0 ? Number.POSITIVE_INFINITY : ((SPLIT_AT * limit - value) / perMin) * 60;
  const s = Math.min(
    untilS(load.users, trend.users, limits.users),
    untilS(load.eventsPerS, trend.eventsPerS, limits.eventsPerS),
  );
  return s <= DAY_S ? Math.round(s) : undefined;
}

const rounded = (value: number, digits: number): number => Math.round(value * 10 ** digits) / 10 ** digits;

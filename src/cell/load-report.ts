// How much a cell carries, for ops.
import { present } from '../lib/assert.ts';
import type { EpochMs } from '../lib/brand.ts';
import type { CellLoad } from '../protocol/messages.ts';
import type { QuestionState } from '../protocol/views.ts';
import { type Carried, usedOf } from './heat.ts';
import { eventsPerS, stepMs } from './meter.ts';
import { policyOf } from './need.ts';
import type { CellState } from './state.ts';

/** What counts against the city's limits. */
export function carried(state: CellState, now: EpochMs): Carried {
  return {
    users: state.roster.size(),
    eventsPerS: eventsPerS(state.meter, now),
    stepMs: stepMs(state.meter),
  };
}

export function loadOf(state: CellState, now: EpochMs): CellLoad {
  const { cell, city } = present(state.birth, 'birth');
  const questions: Record<QuestionState, number> = {
    open: 0,
    dormant: 0,
    matched: 0,
    answered: 0,
    expired: 0,
    cancelled: 0,
  };
  let outbox = 0;
  for (const question of state.questions.values()) {
    questions[question.phase.t]++;
    for (const stream of question.streams.values()) outbox += stream.items.length;
  }
  const load = carried(state, now);
  return {
    t: 'load',
    cell,
    city,
    users: load.users,
    eventsPerS: Math.round(load.eventsPerS * 10) / 10,
    stepMs: Math.round(load.stepMs * 1000) / 1000,
    used: Math.round(usedOf(load, policyOf(state).limits) * 1000) / 1000,
    sockets: state.sockets.size,
    questions,
    beacons: state.beacons.size,
    outbox,
    journal: state.journalLast,
  };
}

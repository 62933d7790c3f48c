// How much a cell carries, for ops.
import { present } from '../lib/assert.ts';
import type { CellLoad } from '../protocol/messages.ts';
import type { QuestionState } from '../protocol/views.ts';
import type { CellState } from './state.ts';

export function loadOf(state: CellState): CellLoad {
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
  return {
    t: 'load',
    cell,
    city,
    users: state.roster.size(),
    sockets: state.sockets.size,
    questions,
    beacons: state.beacons.size,
    outbox,
    journal: state.journalLast,
  };
}

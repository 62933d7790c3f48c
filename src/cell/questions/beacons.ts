// Beacons of other cells' questions that lie here, and where those of this cell's questions lie. A beacon is written once for each need
// (place, circle, topic, languages) and lives as long as its question: tries by time find it and write nothing.
import { type EpochMs, plusMs } from '../../lib/brand.ts';
import type { Need } from '../../messages/need.ts';
import type { CellId, QuestionId, UserId } from '../../protocol/ids.ts';
import { CALL_TIMEOUT_MS } from '../../protocol/limits.ts';
import type { CellState } from '../state.ts';
import type { Beacon } from '../tables/beacons.ts';
import type { Question } from '../tables/questions.ts';
import { call, type Step } from '../workspace.ts';
import { needElsewhere } from './need.ts';
import { groupKey } from './sleepers.ts';

/** A message takes so long at most: a beacon that would end this much later is the one that lies here already. */
const SAME_END_MS = 60_000;
/** A beacon that ends by itself so soon needs no word. */
const ENDS_SOON_MS = 120_000;

/** Leaves the beacon, for so many ms; false when it does not lie here then. One that was held back on its way leaves a newer one as it is. */
export function leaveBeacon(step: Step, need: Need, leftMs: number): boolean {
  const until = plusMs(step.now, leftMs);
  const laid = step.state.beacons.get(need.questionId);
  if (laid === undefined) put(step, { need, until });
  else if (versionOf(need) >= versionOf(laid.need)) {
    const isSame = laid.until > step.now && until - laid.until <= SAME_END_MS && groupKey(need) === groupKey(laid.need);
    // Whom it excludes is kept in memory alone: lost, a nudge for nothing tells it again.
    if (isSame) step.state.beacons.set(need.questionId, { need, until: laid.until });
    else put(step, { need, until });
  }
  return step.state.beacons.has(need.questionId);
}

/** Beacons that come with ground that is handed over. One that a scout has left meanwhile is newer. */
export function inheritBeacon(step: Step, need: Need, leftMs: number): void {
  if (!step.state.beacons.has(need.questionId)) put(step, { need, until: plusMs(step.now, leftMs) });
}

/**
 * A refused reserve shows what its question needs by now: a beacon of before it moved would call the same user for ever. One that
 * was held back on its way shows what it needed then, and changes nothing.
 */
export function renewNeed(step: Step, need: Need): void {
  const beacon = step.state.beacons.get(need.questionId);
  if (beacon !== undefined && versionOf(need) > versionOf(beacon.need))
    leaveBeacon(step, need, Math.max(1, beacon.until - step.now));
}

/** The question knows this user: it is not to be told of them again. */
export function excludeFrom(step: Step, beacon: Beacon, user: UserId): void {
  put(step, { ...beacon, need: { ...beacon.need, excluded: [...beacon.need.excluded, user] } });
}

export function dropBeacon(step: Step, id: QuestionId): void {
  if (step.state.beacons.delete(id)) step.beacons.add(id);
}

/** A cell has answered that the beacon of this question, as it is now, lies there. */
export function noteLit(state: CellState, question: Question, cell: CellId): void {
  const lit = state.lit.get(question.id) ?? new Map<CellId, string>();
  state.lit.set(question.id, lit);
  lit.set(cell, groupKey(needElsewhere(state, question)));
}

/** The cells whose arrivals are told to this question, as far as is known: what a crash made it forget is asked for again. */
export function litCells(state: CellState, question: Question): ReadonlySet<CellId> {
  const present = groupKey(needElsewhere(state, question));
  const lit = new Set<CellId>();
  for (const [cell, key] of state.lit.get(question.id) ?? []) if (key === present) lit.add(cell);
  return lit;
}

/** The question's word, at its end: nobody is to be told of arrivals any more. A word that is lost is made up for by the next nudge. */
export function endBeacons(step: Step, { id, expiresAt }: Question): void {
  const lit = step.state.lit.get(id);
  step.state.lit.delete(id);
  if (lit === undefined || expiresAt - step.now < ENDS_SOON_MS) return;
  for (const cell of lit.keys())
    call(step, { t: 'dropBeacon' }, { to: 'cell', cell }, { t: 'dropBeacon', questionId: id }, CALL_TIMEOUT_MS, true);
}

/** What a question's beacon says, and for how long. */
export function beaconFor(
  state: CellState,
  question: Question,
  now: EpochMs,
): { readonly need: Need; readonly leftMs: number } {
  return { need: needElsewhere(state, question), leftMs: Math.max(1, question.expiresAt - now) };
}

const versionOf = ({ version }: Need): number => version ?? 0;

/** A question that has come here meanwhile, by a split or a merge, needs none: it is held against arrivals itself. */
function put(step: Step, beacon: Beacon): void {
  if (step.state.questions.has(beacon.need.questionId)) return;
  step.state.beacons.set(beacon.need.questionId, beacon);
  // At once: one that comes with ground that is handed over is held against those who stand there in this very step.
  step.state.sleepers.add(beacon.need);
  step.beacons.add(beacon.need.questionId);
}

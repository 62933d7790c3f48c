// Rehydration: somebody who may have become suitable is held against the sleepers, and tried for the best at once.

import { distanceM } from '../../geo/distance.ts';
import { plusMs } from '../../lib/brand.ts';
import { speaks, speaksOf } from '../../matching/filter.ts';
import { better } from '../../matching/score.ts';
import type { CellReply } from '../../messages/calls.ts';
import type { Need } from '../../messages/need.ts';
import type { Candidate } from '../../messages/records.ts';
import { homeOf, type QuestionId, type UserId } from '../../protocol/ids.ts';
import { CALL_TIMEOUT_MS, RESERVE_TIMEOUT_MS } from '../../protocol/limits.ts';
import { welcomes } from '../resharding/life.ts';
import type { CellState } from '../state.ts';
import { dueKey } from '../tables/indexes.ts';
import type { Question } from '../tables/questions.ts';
import { hasEnded } from '../tables/questions.ts';
import type { Held } from '../tables/users.ts';
import { call, type Tx } from '../tx.ts';
import { consider } from '../users/holds.ts';
import { dropBeacon, excludeFrom } from './beacons.ts';
import { isShort } from './lifecycle.ts';
import { join } from './match.ts';
import { needOf, policyOf } from './need.ts';
import { cellOf, offerHere, offerThere, openings } from './offers.ts';
import type { Group } from './sleepers.ts';

type Chance = { readonly id: QuestionId; readonly candidate: Candidate };

/** Tries the user for as many of the best sleepers as their capacity allows: questions here directly, beacons by a nudge. */
export function arrive(tx: Tx, held: Held): void {
  const { state } = tx;
  if (state.sleepers.size() === 0 || held.phase !== 'live' || !welcomes(state)) return;
  let free = freeSlots(state, held);
  if (free <= 0) return;
  for (const { id, candidate } of chances(tx, held, free)) {
    if (free <= 0) return;
    const own = state.questions.get(id);
    if (own === undefined) {
      nudge(tx, id, candidate);
      free--;
    } else if (join(tx, own, candidate)) {
      // Not spoken for yet, unless the try took them in this very step.
      free = Math.min(free, freeSlots(state, held));
    } else if (openings(tx, own) > 0 && offerHere(tx, own, candidate)) {
      free--;
    }
  }
}

/** The holder of an arrival speaks: a question that still looks for people tries this one. */
export function nudged(tx: Tx, question: Question | undefined, candidate: Candidate): CellReply<'nudge'> {
  if (question === undefined || hasEnded(question.phase)) return { t: 'gone' };
  const known = question.offers.find((offer) => offer.user === candidate.user && offer.state !== 'void');
  // An attempt that is on its way may be to a cell that they have left since: whoever asks shall ask again.
  if (known !== undefined) return known.state === 'reserving' ? { t: 'tried' } : { t: 'known' };
  if (!isShort(question) || openings(tx, question) <= 0) return { t: 'full' };
  if (!join(tx, question, candidate)) offerThere(tx, question, candidate);
  return { t: 'tried' };
}

/** The question's answer to a nudge. A beacon goes on its question's word; then the next best is tried. */
export function afterNudge(
  tx: Tx,
  id: QuestionId,
  user: UserId,
  answer: CellReply<'nudge'> | { readonly t: 'failed' },
): void {
  const { state } = tx;
  if (state.nudging.get(id) !== user) return;
  if (answer.t === 'tried' || answer.t === 'failed') {
    // Tried: the reserve is on its way; should it not come, the user is free for the next.
    state.agenda.set(dueKey('nudge', id), plusMs(tx.now, 2 * RESERVE_TIMEOUT_MS));
    return;
  }
  const beacon = state.beacons.get(id);
  if (answer.t === 'known' && beacon !== undefined) {
    excludeFrom(tx, beacon, user);
  } else {
    dropBeacon(tx, id);
  }
  endNudge(tx, id);
}

/** The user told of is free for other questions again, and the question for those who came meanwhile. */
export function endNudge(tx: Tx, id: QuestionId): void {
  const { state } = tx;
  const user = state.nudging.get(id);
  if (user === undefined) return;
  state.nudging.delete(id);
  state.agenda.set(dueKey('nudge', id), undefined);
  tx.arrivals.add(user);
  for (const other of state.passedOver.get(id) ?? []) tx.arrivals.add(other);
  state.passedOver.delete(id);
}

function nudge(tx: Tx, id: QuestionId, candidate: Candidate): void {
  tx.state.nudging.set(id, candidate.user);
  call(
    tx,
    { t: 'nudge', question: id, user: candidate.user },
    { to: 'home', key: homeOf(id) },
    { t: 'nudge', questionId: id, candidate },
    CALL_TIMEOUT_MS,
  );
}

/** Best first; within a group of identical needs the oldest, and no more of them than there are slots. */
function chances(tx: Tx, held: Held, free: number): Chance[] {
  const found: Chance[] = [];
  const here = cellOf(tx);
  for (const group of tx.state.sleepers.groups()) {
    tx.state.meter.work++;
    if (!mayConcern(group, held)) continue;
    let taken = 0;
    for (const id of group.ids) {
      if (taken >= free) break;
      const need = needOfSleeper(tx, id);
      if (need === undefined) continue;
      const candidate = consider(need, policyOf(tx.state), held, here, tx.now);
      if (candidate === undefined) continue;
      if (tx.state.nudging.has(id)) {
        passOver(tx.state, id, held);
        continue;
      }
      found.push({ id, candidate });
      taken++;
    }
  }
  return found.sort((a, b) =>
    better(a.candidate, b.candidate) ? -1 : better(b.candidate, a.candidate) ? 1 : a.id < b.id ? -1 : 1,
  );
}

/** Its question is being told of somebody else. */
function passOver({ nudging, passedOver }: CellState, id: QuestionId, { user }: Held): void {
  if (nudging.get(id) === user) return;
  const others = passedOver.get(id) ?? new Set();
  passedOver.set(id, others);
  others.add(user);
}

function mayConcern({ sample }: Group, held: Held): boolean {
  return (
    speaksOf(sample, held.profile) &&
    speaks(sample, held.profile) &&
    distanceM(sample.point, held.point) <= sample.radiusM
  );
}

function needOfSleeper(tx: Tx, id: QuestionId): Need | undefined {
  const own = tx.state.questions.get(id);
  // The index is as the last step left it: in this one a question may have found its people, or ended.
  if (own !== undefined) return isShort(own) ? needOf(tx.state, own) : undefined;
  const beacon = tx.state.beacons.get(id);
  return beacon === undefined || beacon.until <= tx.now ? undefined : beacon.need;
}

function freeSlots(state: CellState, held: Held): number {
  let told = 0;
  for (const user of state.nudging.values()) if (user === held.user) told++;
  return held.profile.capacity - held.holds.size - told;
}

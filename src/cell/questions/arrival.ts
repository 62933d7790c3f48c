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
import { welcomes } from '../resharding/phases.ts';
import type { CellState } from '../state.ts';
import { dueKey } from '../tables/indexes.ts';
import type { Question } from '../tables/questions.ts';
import { hasEnded } from '../tables/questions.ts';
import type { Resident } from '../tables/users.ts';
import { consider } from '../users/holds.ts';
import { call, fence, type Step } from '../workspace.ts';
import { dropBeacon, excludeFrom } from './beacons.ts';
import { isShort } from './lifecycle.ts';
import { needOf, policyOf } from './need.ts';
import { cellOf, offerHere, offerThere, openings } from './offers.ts';
import { join } from './searches.ts';
import type { Group } from './sleepers.ts';

type Chance = { readonly id: QuestionId; readonly candidate: Candidate };

/** Tries the user for as many of the best sleepers as their capacity allows: questions here directly, beacons by a nudge. */
export function wakeFor(step: Step, resident: Resident): void {
  const { state } = step;
  if (state.sleepers.size() === 0 || resident.phase !== 'live' || !welcomes(state)) return;
  let free = freeSlots(state, resident);
  if (free <= 0) return;
  for (const { id, candidate } of chances(step, resident, free)) {
    if (free <= 0) return;
    const own = state.questions.get(id);
    if (own === undefined) {
      nudge(step, id, candidate);
      free--;
    } else if (join(step, own, candidate)) {
      // Not spoken for yet, unless the try took them in this very step.
      free = Math.min(free, freeSlots(state, resident));
    } else if (openings(step, own) > 0 && offerHere(step, own, candidate)) {
      free--;
    }
  }
}

/** The holder of an arrival speaks: a question that still looks for people tries this one. */
export function nudged(step: Step, question: Question | undefined, candidate: Candidate): CellReply<'nudge'> {
  // An end is final; that there is no such question an older instance may believe.
  if (question === undefined) fence(step);
  if (question === undefined || hasEnded(question.phase)) return { t: 'gone' };
  const known = question.offers.find((offer) => offer.user === candidate.user && offer.state !== 'void');
  // An attempt that is on its way may be to a cell that they have left since: whoever asks shall ask again.
  if (known !== undefined) return known.state === 'reserving' ? { t: 'tried' } : { t: 'known' };
  if (!isShort(question) || openings(step, question) <= 0) return { t: 'full' };
  if (!join(step, question, candidate)) offerThere(step, question, candidate);
  return { t: 'tried' };
}

/** The question's answer to a nudge. A beacon goes on its question's word; then the next best is tried. */
export function afterNudge(
  step: Step,
  id: QuestionId,
  user: UserId,
  answer: CellReply<'nudge'> | { readonly t: 'failed' },
): void {
  const { state } = step;
  if (state.nudging.get(id) !== user) return;
  if (answer.t === 'tried' || answer.t === 'failed') {
    // Tried: the reserve is on its way; should it not come, the user is free for the next.
    state.agenda.set(dueKey('nudge', id), plusMs(step.now, 2 * RESERVE_TIMEOUT_MS));
    return;
  }
  const beacon = state.beacons.get(id);
  if (answer.t === 'known' && beacon !== undefined) {
    excludeFrom(step, beacon, user);
  } else {
    dropBeacon(step, id);
  }
  endNudge(step, id);
}

/** The user told of is free for other questions again, and the question for those who came meanwhile. */
export function endNudge(step: Step, id: QuestionId): void {
  const { state } = step;
  const user = state.nudging.get(id);
  if (user === undefined) return;
  state.nudging.delete(id);
  state.agenda.set(dueKey('nudge', id), undefined);
  step.wakeCandidates.add(user);
  for (const other of state.passedOver.get(id) ?? []) step.wakeCandidates.add(other);
  state.passedOver.delete(id);
}

function nudge(step: Step, id: QuestionId, candidate: Candidate): void {
  step.state.nudging.set(id, candidate.user);
  call(
    step,
    { t: 'nudge', question: id, user: candidate.user },
    { to: 'home', key: homeOf(id) },
    { t: 'nudge', questionId: id, candidate },
    CALL_TIMEOUT_MS,
  );
}

/** Best first; within a group of identical needs the oldest, and no more of them than there are slots. */
function chances(step: Step, resident: Resident, free: number): Chance[] {
  const found: Chance[] = [];
  const here = cellOf(step);
  for (const group of step.state.sleepers.groups()) {
    step.state.meter.work++;
    if (!mayConcern(group, resident)) continue;
    let taken = 0;
    for (const id of group.ids) {
      if (taken >= free) break;
      const need = needOfSleeper(step, id);
      if (need === undefined) continue;
      const candidate = consider(need, policyOf(step.state), resident, here, step.now);
      if (candidate === undefined) continue;
      if (step.state.nudging.has(id)) {
        passOver(step.state, id, resident);
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
function passOver({ nudging, passedOver }: CellState, id: QuestionId, { user }: Resident): void {
  if (nudging.get(id) === user) return;
  const others = passedOver.get(id) ?? new Set();
  passedOver.set(id, others);
  others.add(user);
}

function mayConcern({ sample }: Group, resident: Resident): boolean {
  return (
    speaksOf(sample, resident.profile) &&
    speaks(sample, resident.profile) &&
    distanceM(sample.point, resident.point) <= sample.radiusM
  );
}

function needOfSleeper(step: Step, id: QuestionId): Need | undefined {
  const own = step.state.questions.get(id);
  // The index is as the last step left it: in this one a question may have found its people, or ended.
  if (own !== undefined) return isShort(own) ? needOf(step.state, own) : undefined;
  const beacon = step.state.beacons.get(id);
  return beacon === undefined || beacon.until <= step.now ? undefined : beacon.need;
}

function freeSlots(state: CellState, resident: Resident): number {
  let told = 0;
  for (const user of state.nudging.values()) if (user === resident.user) told++;
  return resident.profile.capacity - resident.holds.size - told;
}

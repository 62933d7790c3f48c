// Slots at users held here. A hold never decides: it is made by a reserve and freed on the word of its question alone.

import { type EpochMs, plusMs } from '../../lib/brand.ts';
import { iso } from '../../lib/iso.ts';
import { type Askable, refuse } from '../../matching/filter.ts';
import { keepBest, type Rank, scoreBound, scoreOf, termsOf } from '../../matching/score.ts';
import type { CellCalls, StateReply } from '../../messages/calls.ts';
import type { Need } from '../../messages/need.ts';
import type { Candidate, OfferChange } from '../../messages/records.ts';
import { homeOf, type OfferId, type UserId } from '../../protocol/ids.ts';
import { CALL_TIMEOUT_MS } from '../../protocol/limits.ts';
import type { Policy } from '../../protocol/policy.ts';
import { holdOf } from '../../record/holds.ts';
import type { CellState } from '../state.ts';
import type { Hold, Resident } from '../tables/users.ts';
import { watchUser } from '../tables/users.ts';
import { call, type Step } from '../workspace.ts';

const RETRY_MS = 15_000;
/** A slot is free within two minutes of the end of its offer, whatever was lost. */
const ACCEPTED_ASKED_MS = 100_000;
const SLACK_M = 0.01;

/** The best of the users held here, best first. */
export function collectCandidates(
  state: CellState,
  need: Need,
  policy: Policy,
  limit: number,
  now: EpochMs,
): Candidate[] {
  if (limit <= 0) return [];
  const { cell } = state.mapRow;
  const reachM = reachOf(need, policy);
  const found: Ranked[] = [];
  state.roster.around(
    need.point,
    need.radiusM,
    (user) => {
      state.meter.work++;
      const ranked = rank(need, policy, state.users.get(user) as Resident, now);
      if (ranked !== undefined) keepBest(found, ranked, limit);
    },
    () => (found.length < limit ? need.radiusM : reachM((found[limit - 1] as Ranked).score)),
  );
  return found.map((ranked) => candidateOf(need, policy, ranked, cell, now));
}

/** How far somebody may be, in metres, and yet reach a score: the bound falls evenly from the centre to the edge. */
function reachOf(need: Need, policy: Policy): (score: number) => number {
  const top = scoreBound(need, policy, 0);
  const perM = (top - scoreBound(need, policy, need.radiusM)) / need.radiusM;
  // A little farther than it says: an equal score still counts, however the last digits were rounded.
  return (score) => (perM > 0 ? Math.min(need.radiusM, Math.max(0, (top - score) / perM) + SLACK_M) : need.radiusM);
}

/** The user as a candidate, unless the policy's filters refuse them. */
export function consider(
  need: Need,
  policy: Policy,
  who: Askable,
  cell: Candidate['cell'],
  now: EpochMs,
): Candidate | undefined {
  const ranked = rank(need, policy, who, now);
  return ranked === undefined ? undefined : candidateOf(need, policy, ranked, cell, now);
}

/** Of many that are ranked a few become candidates: what those say of their score is worked out for them alone. */
type Ranked = Rank & { readonly who: Askable };

function rank(need: Need, policy: Policy, who: Askable, now: EpochMs): Ranked | undefined {
  const distanceM = refuse(need, policy, who, now);
  if (typeof distanceM === 'string') return undefined;
  return { user: who.user, distanceM, score: scoreOf(need, policy, who, distanceM, now), who };
}

function candidateOf(
  need: Need,
  policy: Policy,
  { user, distanceM, score, who }: Ranked,
  cell: Candidate['cell'],
  now: EpochMs,
): Candidate {
  return { user, cell, distanceM, score, terms: termsOf(need, policy, who, distanceM, now) };
}

/** Filters again and takes the slot, all in one step. Repeated, it gives the same answer. Answers why not, or undefined. */
export function reserve(step: Step, ask: CellCalls['reserve']['ask']): string | undefined {
  const resident = step.state.users.get(ask.user);
  if (resident === undefined || resident.phase !== 'live') return 'gone';
  if (resident.holds.has(ask.offerId)) return undefined;
  const distanceM = refuse(ask.need, ask.policy, resident, step.now);
  if (typeof distanceM === 'string') return distanceM;
  resident.holds.set(ask.offerId, {
    ...ask.copy,
    offerId: ask.offerId,
    distanceM,
    state: 'reserved',
    until: plusMs(step.now, ask.holdMs),
  });
  resident.idleSince = step.now;
  step.users.add(resident.user);
  return undefined;
}

/** The question's word about one of its offers: a live one is shown, an ended one frees its slot. */
export function applyOfferChange(step: Step, user: UserId, change: OfferChange): void {
  const resident = step.state.users.get(user);
  if (resident === undefined || resident.phase === 'frozen') return;
  const hold = resident.holds.get(change.id) ?? holdAnew(step, change);
  if (hold === undefined) return;
  if (change.state === 'pending' || change.state === 'accepted') {
    // Told already, in the step that decided it: what comes as news later is worth no row.
    if (hold.state === change.state || hold.state === 'accepted') {
      resident.holds.set(change.id, { ...hold, ...endOf(change) });
      return;
    }
    // What was reserved lasts a little longer than its offer: the word that this has ended comes first.
    const leftMs = change.state === 'pending' ? Math.max(change.leftMs, hold.until - step.now) : change.leftMs;
    resident.holds.set(change.id, confirmed(step, { ...hold, ...endOf(change), state: change.state }, leftMs));
    step.users.add(user);
    return;
  }
  // Withdrawn too: else whoever asks and cancels in a loop has the same people asked again each time.
  if (change.state === 'declined' || change.state === 'expired' || change.state === 'withdrawn') {
    resident.coolUntil = plusMs(step.now, coolMs(step));
  }
  releaseSlot(step, resident, change.id);
}

const endOf = ({ view }: OfferChange): Pick<Hold, 'expiresAt'> =>
  view === undefined ? {} : { expiresAt: view.expiresAt };

/** A live offer that has no hold here: what was kept of it was lost. It takes its slot again. */
function holdAnew({ now }: Step, change: OfferChange): Hold | undefined {
  const known = holdOf(change);
  if (known === undefined) return undefined;
  const { leftMs, ...hold } = known;
  return { ...hold, state: 'reserved', until: plusMs(now, leftMs) };
}

/** Gives a slot back: the user may be suitable again. */
export function releaseSlot(step: Step, resident: Resident, offer: OfferId): void {
  if (!resident.holds.delete(offer)) return;
  step.users.add(resident.user);
  if (resident.phase === 'live') step.wakeCandidates.add(resident.user);
}

/** A hold's time is up: its question is asked. */
export function askAbout(step: Step, resident: Resident, offer: OfferId): void {
  const hold = resident.holds.get(offer);
  if (hold === undefined) return;
  resident.holds.set(offer, { ...hold, askAt: plusMs(step.now, RETRY_MS) });
  query(step, resident.user, offer, 'state');
}

/** Holds that came with a record may be stale: each question is asked. */
export function askAboutHolds(step: Step, resident: Resident): void {
  for (const offer of resident.holds.keys()) query(step, resident.user, offer, 'state');
}

/** The user has gone: the questions of pending holds are told. */
export function dropHolds(step: Step, resident: Resident): void {
  for (const hold of resident.holds.values()) {
    if (hold.state !== 'accepted') query(step, resident.user, hold.offerId, 'absent');
  }
}

/** The question's answer about a hold: live for so long, or ended or unknown, both of which free it. */
export function stateOfHold(step: Step, user: UserId, offer: OfferId, answer: StateReply): void {
  const resident = step.state.users.get(user);
  const hold = resident?.holds.get(offer);
  if (resident === undefined || resident.phase === 'frozen' || hold === undefined) return;
  if (!answer.live) {
    releaseSlot(step, resident, offer);
    return;
  }
  const state = answer.state === 'accepted' ? 'accepted' : answer.state === 'pending' ? 'pending' : hold.state;
  resident.holds.set(offer, confirmed(step, { ...hold, state }, Math.max(1000, answer.leftMs)));
  // Merely asked again later: after a crash it is asked at once.
  if (state === hold.state) watchUser(step.state, user, resident);
  else step.users.add(user);
}

/** The question's word is good for so long. One that was accepted may last for a day, and the word that it has ended may be lost. */
function confirmed(step: Step, { askAt: _, ...before }: Hold, leftMs: number): Hold {
  // Holds of before said when their offers end, and nothing else did.
  const hold = before.state === 'reserved' ? before : { expiresAt: iso(before.until), ...before };
  const until = plusMs(step.now, leftMs);
  const askAt = plusMs(step.now, ACCEPTED_ASKED_MS);
  return hold.state === 'accepted' && askAt < until ? { ...hold, until, askAt } : { ...hold, until };
}

function query(step: Step, user: UserId, offer: OfferId, t: 'state' | 'absent'): void {
  call(
    step,
    { t: 'hold', offer, user },
    { to: 'home', key: homeOf(offer) },
    { t, offerId: offer, user },
    CALL_TIMEOUT_MS,
  );
}

const coolMs = (step: Step): number => step.state.mapRow.policy.cooldownMs;

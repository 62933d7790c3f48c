// A cell that is not a leaf any more: its questions are frozen from this step on and handed over, each dropped once its successor has
// it; whom to claim is said little by little, so that sockets do not all leave at once.

import { minDistanceToBoundsM } from '../../geo/distance.ts';
import { decode } from '../../geo/geohash.ts';
import { plusMs } from '../../lib/brand.ts';
import { withinBytes } from '../../lib/within-bytes.ts';
import type { CellRequest } from '../../messages/calls.ts';
import type { Op } from '../../messages/resharding.ts';
import type { CellId, QuestionId, UserId } from '../../protocol/ids.ts';
import { ADOPT_BYTES_MAX, ADOPT_MAX, MARGIN_M } from '../../protocol/limits.ts';
import type { Policy } from '../../protocol/policy.ts';
import { record } from '../journal.ts';
import { settleAskers } from '../questions/askers.ts';
import { isShort } from '../questions/lifecycle.ts';
import { needElsewhere, policyOf } from '../questions/need.ts';
import { cellOf } from '../questions/offers.ts';
import type { CellState, Pending } from '../state.ts';
import { dueKey } from '../tables/indexes.ts';
import { hasEnded } from '../tables/questions.ts';
import type { RolePhase } from '../tables/role.ts';
import { returnLapsed } from '../users/returning.ts';
import { sendAway } from '../users/sockets.ts';
import type { Step } from '../workspace.ts';
import { pack } from './carry.ts';
import { isHomeIn, successorAt, successorFor } from './phases.ts';
import { enterPhase, isFree, run } from './tasks.ts';

type Handing = Extract<RolePhase, { readonly t: 'handing' }>;

/**
 * Whom to claim is said in slices: all of them within ten seconds, but no more than 30 a second. Each costs this cell two calls (the
 * recall, and the word that they may go), and it is hot enough already.
 */
const SLICE_EVERY_MS = 500;
const SLICE_PART = 20;
const SLICE_MIN = 5;
const SLICE_MAX = 15;
/** 32 cells hand over to one: together they say 30 a second, each its part of the most that may be merged, and one at least. */
const MERGE_EVERY_MS = 1000;
const MERGE_MAX = 30;
/** Few connections at once: a slice goes to few, whole, and the next one to others. */
const SLICE_HEIRS = 6;
/** A user who is still here so long after their successor was told is told of again. */
const TELL_AGAIN_MS = 15_000;

/** The map says that `to` are the leaves now. Nothing of a question is decided here from this step on. */
export function startHandOff(step: Step, op: Op, to: readonly CellId[]): void {
  const { state } = step;
  // Before anything is handed over: a part that is filled hears of its siblings' questions as of others'.
  state.change.needs = [...state.questions.present()].filter(isShort).map((question) => ({
    need: needElsewhere(state, question),
    until: question.expiresAt,
  }));
  enterPhase(step, { phase: { t: 'handing', op, to, filled: false, handed: false } });
  state.searches.clear();
  state.lit.clear();
  for (const id of state.nudging.keys()) state.agenda.set(dueKey('nudge', id), undefined);
  state.nudging.clear();
  state.passedOver.clear();
  for (const [id, what] of state.calls) if (isDecision(what)) state.calls.delete(id);
  for (const id of state.questions.keys()) {
    state.agenda.set(dueKey('question', id), undefined);
    state.sleepers.delete(id);
  }
  state.change.parcels = undefined;
  state.change.told.clear();
  state.change.crowd = undefined;
  state.change.tellAt = step.now;
  settleAskers(step);
  returnLapsed(step);
  record(step, { t: to.length > 1 ? 'cell.split' : 'cell.merged', op: op.n });
  sendAwayStrangers(step);
}

/** Goes on with it, as far as it can. */
export function handOver(step: Step, phase: Handing): void {
  const { state } = step;
  const here = cellOf(step);
  const { op, to, filled } = phase;
  const parcels = parcelsOf(state, to);
  if (!filled) {
    for (const cell of to) {
      if (!isFree(step, cell)) continue;
      const { ids: questions, rows } = parcelOf(step, parcels.get(cell) ?? []);
      const address = { to: 'cell', cell } as const;
      if (questions.length > 0) {
        const request = { t: 'adopt', op, from: here, questions: rows } as const;
        run(step, cell, { op, what: 'adopt', cell, questions }, address, request);
      } else if (!state.change.ready.has(cell)) {
        run(step, cell, { op, what: 'filled', cell }, address, {
          t: 'filled',
          op,
          from: here,
          beacons: beaconsFor(step, cell),
        });
      }
    }
  }
  if (state.users.size > 0) {
    tellWhomToClaim(step, phase);
    return;
  }
  state.change.tellAt = undefined;
  if (filled && !phase.handed && isEmpty(state)) announceDrained(step, phase);
}

/** The next of them that fit into one message. */
function parcelOf(
  { state, now }: Step,
  all: readonly QuestionId[],
): { readonly ids: readonly QuestionId[]; readonly rows: readonly string[] } {
  const next = all.slice(0, ADOPT_MAX).map((id) => {
    const question = state.questions.get(id);
    return { id, row: question === undefined ? undefined : pack(question, now) };
  });
  const fitting = withinBytes(next, ADOPT_MAX, ADOPT_BYTES_MAX);
  return { ids: fitting.map(({ id }) => id), rows: fitting.flatMap(({ row }) => row ?? []) };
}

/** A successor has these questions on its disk: from now on they are nobody's business here. */
export function adopted(step: Step, cell: CellId, ids: readonly QuestionId[]): void {
  const { state } = step;
  const left = state.change.parcels?.get(cell) ?? [];
  for (const id of ids) {
    state.questions.delete(id);
    step.questions.add(id);
  }
  const gone = new Set(ids);
  state.change.parcels?.set(
    cell,
    left.filter((id) => !gone.has(id)),
  );
}

/** A successor knows that it has everything: once all do, the beacons have gone with it. */
export function filledThere(step: Step, phase: Handing, cell: CellId): void {
  const { state } = step;
  state.change.ready.add(cell);
  if (!phase.to.every((one) => state.change.ready.has(one))) return;
  for (const id of state.beacons.keys()) step.beacons.add(id);
  state.beacons.clear();
  enterPhase(step, { phase: { ...phase, filled: true } });
}

export function farewellHeard(step: Step, phase: Handing, cell: CellId): void {
  const { state } = step;
  state.change.ready.add(cell);
  if (phase.to.every((one) => state.change.ready.has(one))) enterPhase(step, { phase: { ...phase, handed: true } });
}

function announceDrained(step: Step, { op, to }: Handing): void {
  sendAwayStrangers(step);
  for (const cell of to) {
    if (step.state.change.ready.has(cell)) continue;
    run(step, cell, { op, what: 'handed', cell }, { to: 'cell', cell }, { t: 'handed', op, from: cellOf(step) });
  }
}

/** The next slice of those whose successors do not know of them. */
function tellWhomToClaim(step: Step, { op, to }: Handing): void {
  const { state, now } = step;
  const { change } = state;
  if (change.tellAt !== undefined && change.tellAt > now) return;
  change.crowd ??= state.users.size;
  const { most, everyMs } = paceOf(change.crowd, to, policyOf(state));
  const slice = new Map<CellId, { readonly user: UserId; readonly epoch: number }[]>();
  let told = 0;
  let more = false;
  for (const resident of state.users.values()) {
    if (told >= most) break;
    const before = change.told.get(resident.user);
    if (resident.phase === 'frozen' || (before !== undefined && plusMs(before, TELL_AGAIN_MS) > now)) continue;
    const heir = successorAt(to, resident.point);
    if (!slice.has(heir) && (slice.size >= SLICE_HEIRS || !isFree(step, laneTo(heir)))) {
      more = true;
      continue;
    }
    const users = slice.get(heir) ?? [];
    slice.set(heir, users);
    users.push({ user: resident.user, epoch: resident.epoch });
    told++;
  }
  for (const [cell, users] of slice) {
    const lane = laneTo(cell);
    // Not sent for want of a free lane: the next slice has them again.
    if (!isFree(step, lane)) continue;
    run(step, lane, { op, what: 'take', cell }, { to: 'cell', cell }, { t: 'take', op, from: cellOf(step), users });
    for (const { user } of users) change.told.set(user, now);
  }
  change.tellAt = plusMs(now, told > 0 || more ? everyMs : 4 * SLICE_EVERY_MS);
}

function paceOf(
  crowd: number,
  to: readonly CellId[],
  { limits }: Policy,
): { readonly most: number; readonly everyMs: number } {
  if (to.length === 1)
    return { most: Math.min(MERGE_MAX, Math.ceil((MERGE_MAX * crowd) / limits.users)), everyMs: MERGE_EVERY_MS };
  return {
    most: Math.min(SLICE_MAX, Math.max(SLICE_MIN, Math.ceil(crowd / SLICE_PART))),
    everyMs: SLICE_EVERY_MS,
  };
}

const laneTo = (cell: CellId): string => `take ${cell}`;

/** Open questions first: people wait for them. */
function parcelsOf(state: CellState, to: readonly CellId[]): Map<CellId, QuestionId[]> {
  const { change } = state;
  if (change.parcels !== undefined) return change.parcels;
  const parcels = new Map<CellId, QuestionId[]>();
  const goesOn = new Set<QuestionId>();
  for (const { id, phase } of state.questions.present()) if (!hasEnded(phase)) goesOn.add(id);
  const ended = [...state.questions.keys()].filter((id) => !goesOn.has(id));
  for (const id of [...goesOn, ...ended]) {
    const heir = successorFor(to, id);
    const parcel = parcels.get(heir) ?? [];
    parcels.set(heir, parcel);
    parcel.push(id);
  }
  change.parcels = parcels;
  return parcels;
}

/** Those whose circles touch the successor and whose questions are not its own. */
function beaconsFor(step: Step, cell: CellId): Extract<CellRequest, { readonly t: 'filled' }>['beacons'] {
  const bounds = decode(cell);
  const { beacons, change } = step.state;
  return [...beacons.values(), ...change.needs].flatMap(({ need, until }) => {
    if (until <= step.now || isHomeIn(cell, need.questionId)) return [];
    const touches = minDistanceToBoundsM(need.point, bounds) <= need.radiusM + MARGIN_M;
    return touches ? [{ need, leftMs: until - step.now }] : [];
  });
}

/** Nobody is held here or on the way, nor at those who filled this cell, so nobody will be. */
function isEmpty({ users, claims, transfers, role }: CellState): boolean {
  return users.size === 0 && claims.size === 0 && transfers.size === 0 && role.behind.length === 0;
}

/** Sockets of people whom this cell does not hold: they find their way by themselves. */
function sendAwayStrangers(step: Step): void {
  const { state } = step;
  for (const user of [...state.sockets.keys()]) {
    if (state.users.has(user) || state.claims.has(user)) continue;
    sendAway(step, user, { reason: 'split' });
  }
}

/** Calls whose answers would have this cell decide about its questions. */
function isDecision({ t }: Pending): boolean {
  return t === 'scout' || t === 'reserve' || t === 'deliver' || t === 'nudge';
}

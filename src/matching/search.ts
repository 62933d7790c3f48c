// One search for people to offer a question to: whom it has found, which cells it may still ask, and what to do next. It knows nothing
// of the cell that runs it (src/cell/questions/searches.ts), which does what `next` says and tells it what came of that.
import type { Bounds } from '../geo/bounds.ts';
import { minDistanceToBoundsM } from '../geo/distance.ts';
import { decode } from '../geo/geohash.ts';
import { type EpochMs, plusMs } from '../lib/brand.ts';
import type { CellReply } from '../messages/calls.ts';
import type { Need } from '../messages/need.ts';
import type { Candidate } from '../messages/records.ts';
import type { CellId, UserId } from '../protocol/ids.ts';
import { MARGIN_M } from '../protocol/limits.ts';
import type { Policy } from '../protocol/policy.ts';
import { keepBest, scoreBound } from './score.ts';
import { cellsAt } from './stages.ts';

/** Outgoing connections at once. */
const SCOUTS_AT_ONCE = 6;
/** Candidates kept beyond the offers to make, for when some refuse. */
const RESERVES = 4;
const REPEATS_MAX = 3;
/** What a scout gets that is sent as the time runs out. */
const SCOUT_MS_MIN = 50;

/** Why a search is started. */
export type Occasion = {
  /** Who refused in the searches that this one repeats: passed over in it. */
  readonly voided: readonly UserId[];
  readonly repeat: number;
  /** Nobody waits for it: its scouts go after the calls of users. */
  readonly isByTime: boolean;
};

export type Near = { readonly cell: CellId; readonly bounds: Bounds };

/** All that a search knows when it starts. */
export type Start = {
  readonly occasion: Occasion;
  readonly need: Need;
  readonly policy: Policy;
  readonly now: EpochMs;
  readonly here: CellId;
  /** Best first: who is held in the cell itself. */
  readonly candidates: readonly Candidate[];
  readonly near: readonly Near[];
  /** Cells that hold people of this place too: asked besides, whatever the policy's limit. */
  readonly coOwners: readonly CellId[];
  /** How often the question has slept: which of too many cells are asked. */
  readonly stage: number;
  readonly safetyNet?: SafetyNet | undefined;
};

/**
 * A sleeper's search by time that looks no farther than its last: beacons tell of arrivals, so that its scouts have a budget. They go
 * first where no beacon is known to lie, and each time, by `drawn` in [0, 1), to another of those: a cell that leaves memory knows of none.
 */
export type SafetyNet = { readonly lit: ReadonlySet<CellId>; readonly drawn: number };

/** How its question stands at the moment: it changes while the search is in flight. */
export type Standing = {
  readonly now: EpochMs;
  readonly policy: Policy;
  /** How many offers it may make. */
  readonly openings: number;
  /** How many attempts wait for a holder's word. */
  readonly reserving: number;
  /** Takes a scout from the budget; false when none is left. Only a safety net asks. */
  readonly takeScout: () => boolean;
};

export type Next =
  | {
      readonly t: 'scout';
      readonly cell: CellId;
      readonly limit: number;
      /** With fewer than so many people the cell leaves a beacon. */
      readonly enough: number;
      readonly timeoutMs: number;
    }
  | { readonly t: 'offer'; readonly candidate: Candidate }
  /** For scouts, or for holders. */
  | { readonly t: 'wait' }
  /** `again`: somebody may have arrived unseen, so that the search is to be repeated before the question sleeps. */
  | { readonly t: 'done'; readonly again: Occasion | undefined };

/** How many candidates are worth keeping for so many offers. */
export const keptFor = (openings: number): number => openings + RESERVES;

type Scouted = Extract<CellReply<'scout'>, { readonly t: 'scouted' }>;
type Touched = { readonly cell: CellId; readonly distanceM: number };

/**
 * It scouts until nobody in a cell not asked yet could do better, its time is up, or every cell was asked. When the last scout has
 * answered it chooses, and asks no more cells: a refusal that leaves it with too few is made up for by a repeat.
 */
export class Search {
  readonly occasion: Occasion;
  readonly #need: Need;
  readonly #deadline: EpochMs;
  readonly #candidates: Candidate[];
  readonly #voided: UserId[];
  /** Every cell that is, was or will be asked. */
  readonly #known: Set<CellId>;
  readonly #safetyNet: SafetyNet | undefined;
  /** Cells not asked yet, the next one first. */
  #queue: Touched[] = [];
  #inFlight = 0;
  /** Cells that answered without leaving a beacon. */
  #unlit = 0;
  #isChoosing = false;

  constructor({ occasion, need, policy, now, here, candidates, near, coOwners, stage, safetyNet }: Start) {
    this.occasion = occasion;
    this.#need = need;
    this.#deadline = plusMs(now, policy.scoutTimeMs);
    this.#candidates = [...candidates];
    this.#voided = [...occasion.voided];
    this.#known = new Set([here]);
    this.#safetyNet = safetyNet;
    this.#queueUp(cellsAt(this.#touched(near), policy.scoutCellsMax, stage));
    this.#queueUp(this.#touched(coOwners.map(withBounds)));
  }

  /** Whether a scout has not answered yet: then only its answer calls for a `next`. */
  get awaitsScouts(): boolean {
    return this.#inFlight > 0;
  }

  /** What to do now; to be asked again at once unless it is to wait or done. A scout counts as sent, a candidate as taken. */
  next(standing: Standing): Next {
    if (!this.#isChoosing) {
      const cell = this.#nextCell(standing);
      if (cell !== undefined) return this.#scout(cell, standing);
      if (this.awaitsScouts) return { t: 'wait' };
      this.#isChoosing = true;
    }
    const candidate = standing.openings > 0 ? this.#nextCandidate() : undefined;
    if (candidate !== undefined) return { t: 'offer', candidate };
    if (standing.reserving > 0) return { t: 'wait' };
    return { t: 'done', again: standing.openings > 0 ? this.#repeated() : undefined };
  }

  /** A scout's answer; `undefined`: none came. */
  scouted(answer: Scouted | undefined, openings: number): void {
    this.#inFlight--;
    if (answer === undefined) return;
    for (const candidate of answer.candidates)
      if (!this.#voided.includes(candidate.user)) keepBest(this.#candidates, candidate, keptFor(openings));
    // One that has been split takes no beacons: its parts do.
    if (!answer.beacon && answer.coOwners === undefined) this.#unlit++;
    this.#queueUp(this.#touched((answer.coOwners ?? []).map(withBounds)));
  }

  /**
   * Somebody who came meanwhile is weighed with those whom it finds: coming just then must not put them before better people. False
   * when they refused in it and are free only now: they are passed over.
   */
  joined(candidate: Candidate): boolean {
    if (this.#voided.includes(candidate.user)) return false;
    const known = this.#candidates.findIndex(({ user }) => user === candidate.user);
    if (known >= 0) this.#candidates.splice(known, 1);
    keepBest(this.#candidates, candidate, this.#candidates.length + 1);
    return true;
  }

  /** Passed over from now on. */
  refused(user: UserId): void {
    this.#voided.push(user);
  }

  #nextCell({ now, policy, openings, takeScout }: Standing): CellId | undefined {
    if (this.#inFlight >= SCOUTS_AT_ONCE || now >= this.#deadline || this.#isDecided(policy, openings))
      return undefined;
    if (this.#safetyNet !== undefined && !takeScout()) {
      // Beacons tell of arrivals there; where none lies, the next search goes first.
      this.#queue = [];
      return undefined;
    }
    return this.#queue.shift()?.cell;
  }

  /** True when nobody in a cell not asked yet could displace the best that are known. */
  #isDecided(policy: Policy, openings: number): boolean {
    if (this.#queue.length === 0) return true;
    const last = this.#candidates[openings - 1];
    if (last === undefined) return false;
    let leastM = Number.POSITIVE_INFINITY;
    for (const { distanceM } of this.#queue) leastM = Math.min(leastM, distanceM);
    return last.score >= scoreBound(this.#need, policy, leastM);
  }

  #scout(cell: CellId, { now, openings }: Standing): Next {
    this.#inFlight++;
    // Who just refused is left out here, not there: the beacon must tell of them when they are free again.
    const left = this.#voided.length;
    const [limit, enough] = [keptFor(openings) + left, openings + left];
    return { t: 'scout', cell, limit, enough, timeoutMs: Math.max(SCOUT_MS_MIN, this.#deadline - now) };
  }

  #nextCandidate(): Candidate | undefined {
    for (;;) {
      const best = this.#candidates.shift();
      if (best === undefined || !this.#voided.includes(best.user)) return best;
    }
  }

  /** Sleep only after a search in which every cell that answered left its beacon: nobody may arrive unseen in between. */
  #repeated(): Occasion | undefined {
    const { voided, repeat, isByTime } = this.occasion;
    const isUnseen = this.#unlit > 0 || this.#queue.length > 0 || this.#voided.length > voided.length;
    return isUnseen && repeat < REPEATS_MAX ? { voided: this.#voided, repeat: repeat + 1, isByTime } : undefined;
  }

  /** Those that the circle touches, the margin included, and that this search has not come upon yet; nearest first. */
  #touched(cells: readonly Near[]): readonly Touched[] {
    const found: Touched[] = [];
    for (const { cell, bounds } of cells) {
      const distanceM = minDistanceToBoundsM(this.#need.point, bounds);
      if (distanceM > this.#need.radiusM + MARGIN_M || this.#known.has(cell)) continue;
      found.push({ cell, distanceM: Math.max(0, distanceM - MARGIN_M) });
    }
    return found.sort(nearestFirst);
  }

  /** Each is asked once. */
  #queueUp(cells: readonly Touched[]): void {
    for (const { cell } of cells) this.#known.add(cell);
    const queue = [...this.#queue, ...cells].sort(nearestFirst);
    this.#queue = this.#safetyNet === undefined ? queue : darkFirst(queue, this.#safetyNet);
  }
}

const nearestFirst = (a: Touched, b: Touched): number => a.distanceM - b.distanceM || (a.cell < b.cell ? -1 : 1);

function darkFirst(queue: readonly Touched[], { lit, drawn }: SafetyNet): Touched[] {
  const dark = queue.filter(({ cell }) => !lit.has(cell));
  const first = Math.floor(drawn * dark.length);
  return [...dark.slice(first), ...dark.slice(0, first), ...queue.filter(({ cell }) => lit.has(cell))];
}

const withBounds = (cell: CellId): Near => ({ cell, bounds: decode(cell) });

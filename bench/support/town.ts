// A cell full of people for benches: the shipping step, its calls to other objects answered at once, nothing stored.

import { anywhereIn } from '../../sim/map.ts';
import { emptyCell } from '../../src/cell/restore.ts';
import { type AnyCell, type CellState, isInitialised } from '../../src/cell/state.ts';
import { stepCell } from '../../src/cell/step.ts';
import type { Effects, Send } from '../../src/engine/effects.ts';
import { decode, encode } from '../../src/geo/geohash.ts';
import type { Point } from '../../src/geo/point.ts';
import { snap } from '../../src/geo/snap.ts';
import { type EpochMs, epochMs } from '../../src/lib/brand.ts';
import type { Prng } from '../../src/lib/prng.ts';
import { DEFAULT_POLICY } from '../../src/matching/policy.ts';
import type { CellReply, CellRequest, UserReply } from '../../src/messages/calls.ts';
import type { NewQuestion, Ping } from '../../src/messages/records.ts';
import { type CellId, type CityId, type HomeKey, questionId, type UserId } from '../../src/protocol/ids.ts';
import { EVENTS_PER_S_MAX, type Policy } from '../../src/protocol/policy.ts';

const START_MS = 1_795_132_800_000;
export const TOPICS = ['food', 'bikes', 'aid'];

type Answer = CellReply | UserReply | { readonly t: 'failed' };

/** A bench wants to know what a cell can do, not when it refuses or splits. */
export const TIRELESS: Policy = {
  ...DEFAULT_POLICY,
  limits: { ...DEFAULT_POLICY.limits, eventsPerS: EVENTS_PER_S_MAX, autoSplit: false },
};

export type Town = {
  readonly state: CellState;
  readonly now: () => EpochMs;
  readonly pass: (ms: number) => void;
  /** Carries a request out with all that follows from it; answers with the effects of its own step. */
  readonly request: (request: CellRequest, socket?: boolean) => Effects;
};

/** One cell without neighbours. */
export function town(cell: string, policy: Policy = TIRELESS): Town {
  const state: AnyCell = emptyCell();
  let now = epochMs(START_MS);
  let token = 0;
  const follow = (effects: Effects): void => {
    for (const send of effects.sends) {
      follow(stepCell(state, { t: 'reply', call: send.call, reply: answered(send) }, now, () => 0.5));
    }
  };
  const request = (asked: CellRequest, socket = false): Effects => {
    const effects = stepCell(
      state,
      { t: 'request', envelope: { request: asked }, token: ++token, socket },
      now,
      () => 0.5,
    );
    follow(effects);
    return effects;
  };
  const mapRow = { cell: cell as CellId, city: 'bench' as CityId, version: 1, op: 'bench', policy, near: [] };
  stepCell(state, { t: 'request', envelope: { request: { t: 'load' }, mapRow }, token: 0 }, now, () => 0.5);
  if (!isInitialised(state)) throw new Error('the cell of the bench takes no row of the map');
  return {
    state,
    now: () => now,
    pass: (ms) => {
      now = epochMs(now + ms);
    },
    request,
  };
}

/** Everybody granted, every event stored, nobody elsewhere. */
function answered({ request }: Send): Answer {
  switch (request.t) {
    case 'claim':
      return { t: 'granted', epoch: 1, record: null };
    case 'deliver':
      return { t: 'stored', upTo: request.items.at(-1)?.n ?? 0 };
    default:
      return { t: 'failed' };
  }
}

/** Fills a cell with people at random points, the n-th with capacity `capacity`, half of them with a topic. */
export function populate(of: Town, cell: string, people: number, draw: Prng, socket: boolean): readonly UserId[] {
  const users = Array.from({ length: people }, (_, i) => `user${i}` as UserId);
  users.forEach((user, i) => {
    const topics = i % 2 === 0 ? [TOPICS[i % TOPICS.length] as string] : [];
    if (socket) stepCell(of.state, { t: 'socket_open', user, session: 's' }, of.now(), () => 0.5);
    const ping: Ping = { ...pingAt(pointIn(cell, draw), 1), profile: { topics, languages: ['en'], capacity: 2 } };
    of.request({ t: 'presence', user, ping }, socket);
  });
  return users;
}

/** A random point of the cell, snapped to the privacy grid. */
export function pointIn(cell: string, draw: Prng): Point {
  return snap(anywhereIn(decode(cell), draw), DEFAULT_POLICY.gridLength);
}

export const pingAt = (point: Point, seq: number): Ping => ({ point, profile: {}, session: 's', seq });

export function questionAt(point: Point, n: number, more: Partial<NewQuestion> = {}): NewQuestion {
  return {
    id: questionId(encode(point, DEFAULT_POLICY.gridLength) as HomeKey, `t${String(n).padStart(8, '0')}`),
    asker: 'asker' as UserId,
    point,
    text: 'is the bakery open?',
    languages: [],
    answersWanted: 1,
    ...more,
  };
}

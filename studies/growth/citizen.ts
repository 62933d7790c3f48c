// One person's time with the app, as the client library spends it: a socket, a ping every few seconds, questions, answers.
// Half of them walk: a stretch, then a rest, then another stretch.

import { askRecord } from '../../sim/ask-record.ts';
import type { Ledger } from '../../sim/ledger.ts';
import type { AnyReply, CellNode } from '../../sim/node.ts';
import type { World } from '../../sim/world.ts';
import { encode, MAX_LENGTH } from '../../src/geo/geohash.ts';
import type { Point } from '../../src/geo/point.ts';
import { shifted } from '../../src/geo/shifted.ts';
import { snap } from '../../src/geo/snap.ts';
import { epochMs } from '../../src/lib/brand.ts';
import type { Prng } from '../../src/lib/prng.ts';
import type { CellRequest } from '../../src/messages/calls.ts';
import type { NewQuestion } from '../../src/messages/records.ts';
import {
  type HomeKey,
  homeOf,
  type OfferId,
  type QuestionId,
  questionId,
  questionOf,
  type UserId,
} from '../../src/protocol/ids.ts';
import type { Profile } from '../../src/protocol/profile.ts';
import type { OfferView, UserEvent } from '../../src/protocol/views.ts';
import type { Account, Bill } from './bill.ts';

export type Life = {
  readonly user: UserId;
  /** A user may come several times, each time with a session of its own. */
  readonly session: string;
  readonly at: Point;
  /** On the world's clock, from its beginning. */
  readonly fromMs: number;
  readonly untilMs: number;
  readonly walks: boolean;
  readonly profile: Profile;
  readonly asksAtMs: readonly number[];
};

export type Town = {
  readonly world: World;
  readonly ledger: Ledger;
  readonly bill: Bill;
  readonly pingMs: number;
  /** Told just before a question is sent. */
  readonly asked: (id: QuestionId) => void;
  /** Whether the ledger is to hold what is asked now. */
  readonly keeps: () => boolean;
  /** Who pings now. */
  readonly present: Set<UserId>;
  /** The last event that each user's app has handled: it is kept from session to session. */
  readonly handled: Map<UserId, number>;
};

export const TOPICS = ['food', 'bikes', 'aid'] as const;
/**
 * On foot; a stretch and a rest are of these means. Somebody who walks comes 1.6 km far in an hour connected, and in two of them as
 * far as people with smartphones walk in a whole day (4,961 steps: Althoff and others, Nature 547, 2017).
 */
const WALK_M_PER_S = 1.3;
const STRETCH_M = 400;
const REST_MS = 600_000;
const CALL_MS = 15_000;
const RETRY_MS = 2000;
/** Of 100 offers: accepted, declined, and the rest not looked at. */
const ACCEPTS = 60;
const DECLINES = 30;
const MOVED_JITTER_MS = 100;

/** Plans a life; it runs with the world. */
export function citizen(town: Town, life: Life, draw: Prng): void {
  const { world, ledger, bill, pingMs } = town;
  const { user, session, profile } = life;
  let at = life.at;
  let walk = { untilMs: 0, northMps: 0, eastMps: 0 };
  let movedAt = 0;
  let here: CellNode | undefined;
  let seq = 0;
  let handled = town.handled.get(user) ?? 0;
  let catching = false;
  let again = false;
  let everyMs = pingMs;
  let gone = false;
  const { policy } = world.map;
  const events = new Map<number, UserEvent>();
  ledger.seen.set(`${user} ${session}`, { user, events });
  if (!ledger.acked.has(user)) ledger.acked.set(user, 0);
  ledger.spoken.add(user);

  const edge = world.edge(user);
  const place = (): Account => (here === undefined ? {} : { cell: here.id });
  const step = (): void => {
    const passedMs = world.now - movedAt;
    movedAt = world.now;
    if (!life.walks) return;
    if (walk.untilMs <= world.now) {
      const rests = walk.northMps !== 0 || walk.eastMps !== 0;
      const turn = draw.unit() * 2 * Math.PI;
      walk = rests
        ? { untilMs: world.now + draw.exponential(REST_MS), northMps: 0, eastMps: 0 }
        : {
            untilMs: world.now + (draw.exponential(STRETCH_M) / WALK_M_PER_S) * 1000,
            northMps: WALK_M_PER_S * Math.cos(turn),
            eastMps: WALK_M_PER_S * Math.sin(turn),
          };
    }
    const to = shifted(at, (walk.northMps * passedMs) / 1000, (walk.eastMps * passedMs) / 1000);
    // People stay where the service is.
    if (world.map.leafOf(to) === undefined) walk = { untilMs: 0, northMps: 0, eastMps: 0 };
    else at = to;
  };

  const connect = (): void => {
    const leaf = edge.leafOf(at);
    if (gone || leaf === undefined) return;
    bill.worker({ cell: leaf });
    // The edge makes sure that the cell lives, and hands the socket over with the first point.
    edge.call(encode(at, MAX_LENGTH), { t: 'enter', user }, CALL_MS, (reply, cell) => {
      if (gone) return;
      if (reply.t !== 'done') {
        world.after(RETRY_MS + draw.below(RETRY_MS), connect);
        return;
      }
      const target = world.cell(cell);
      here = target;
      const openedAt = epochMs(world.now);
      target.sockets.set(user, { id: user, user, session, openedAt, expiresAt: undefined, soft: undefined, push });
      world.dispatch(target, { t: 'socket_open', user, session });
      // The address of the socket says the profile, and so does the first frame.
      send(profile, (reply) => {
        catchUp();
        if (reply.t === 'present' && here === target) send(profile, catchUp);
      });
    });
  };
  const send = (what: Partial<Profile>, done: (reply: AnyReply) => void): void => {
    if (here === undefined) return;
    const ping = { point: snap(at, policy.gridLength), profile: what, session, seq: ++seq };
    const cell = here;
    const heard = (reply: AnyReply): void => {
      done(reply);
      // A cell that was split meanwhile: should its word to the socket not come, the app connects again by itself.
      if (reply.t === 'moved') world.after(RETRY_MS, () => (here === cell ? leave() : undefined));
    };
    world.request(cell, { t: 'presence', user, ping }, CALL_MS, heard, true);
  };
  const leave = (): void => {
    here?.sockets.delete(user);
    here = undefined;
    connect();
  };
  const push = (frame: Readonly<Record<string, unknown>>, close: boolean): void =>
    world.after(world.delay(), () => hear(frame, close));
  const hear = (frame: Readonly<Record<string, unknown>>, close: boolean): void => {
    if (close) {
      here = undefined;
      world.after(draw.unit() * MOVED_JITTER_MS, connect);
    } else if (frame['t'] === 'event') take(frame as unknown as UserEvent, true);
  };
  const take = (event: UserEvent, pushed: boolean): void => {
    if (gone || events.has(event.seq)) return;
    if (pushed && event.seq > handled + 1) {
      catchUp();
      return;
    }
    events.set(event.seq, event);
    handled = Math.max(handled, event.seq);
    if (event.type === 'offer.made') consider((event.data as OfferView).id);
    if (pushed) acknowledge(event);
  };
  const acknowledge = ({ data }: UserEvent): void => {
    ledger.acked.set(user, handled);
    bill.message({ question: 'question' in data ? data.question.id : data.questionId });
    // Over the socket, as a frame; without one the next connection says it.
    if (here !== undefined) world.request(here, { t: 'ack', user, seq: handled }, CALL_MS, () => undefined, true);
  };
  /** Over HTTP, at each connection and after its first ping, until there is nothing more; asked for meanwhile, once again. */
  const catchUp = (): void => {
    if (gone) return;
    if (catching) {
      again = true;
      return;
    }
    catching = true;
    bill.worker(place());
    const ask = { t: 'events', user, after: handled, limit: 200, waitMs: 0 } as const;
    const heard = (reply: AnyReply): void => {
      catching = false;
      const last = reply.t === 'events' ? reply.items[reply.items.length - 1] : undefined;
      if (reply.t === 'events') for (const event of reply.items) take(event, false);
      if (last !== undefined) acknowledge(last);
      if (last === undefined && !again) return;
      again = last !== undefined && again;
      catchUp();
    };
    askRecord(world, edge, ask, CALL_MS, heard, here?.id);
  };

  const toHome = (id: QuestionId | OfferId, request: CellRequest, done: (reply: AnyReply) => void): void => {
    bill.message({ question: id.includes('.') ? questionOf(id as OfferId) : (id as QuestionId) });
    edge.call(homeOf(id), request, CALL_MS, done);
  };
  const consider = (offerId: OfferId): void => {
    const luck = draw.below(100);
    if (luck >= ACCEPTS + DECLINES) return;
    world.after(500 + draw.below(7000), () => {
      if (gone) return;
      if (luck >= ACCEPTS) {
        toHome(offerId, { t: 'decline', offerId, user }, () => undefined);
        return;
      }
      toHome(offerId, { t: 'accept', offerId, user }, (reply) => {
        if (reply.t !== 'offer' || gone) return;
        if (ledger.asked.has(questionOf(offerId))) ledger.accepted.set(offerId, user);
        world.after(1000 + draw.below(6000), () => answer(offerId));
      });
    });
  };
  const answer = (offerId: OfferId): void => {
    if (gone) return;
    toHome(offerId, { t: 'answer', offerId, user, text: 'yes' }, (reply) => {
      if (reply.t === 'offer' && ledger.accepted.has(offerId)) ledger.answered.set(offerId, user);
    });
  };
  const ask = (n: number): void => {
    if (gone || here === undefined) return;
    const point = snap(at, policy.gridLength);
    const question: NewQuestion = {
      id: questionId(encode(point, policy.gridLength) as HomeKey, `${user}${session}q${n}`.padEnd(10, '0')),
      asker: user,
      key: `${session}k${n}`,
      bodyHash: 'h',
      point,
      text: 'Is the bakery on the corner still open?',
      ...(draw.chance(2, 3) ? { topic: draw.pick(TOPICS) } : {}),
      languages: [],
      radiusM: policy.radiusDefaultM,
      answersWanted: 1,
    };
    town.asked(question.id);
    toHome(question.id, { t: 'ask', question }, (reply) => {
      if (reply.t === 'question' && town.keeps() && ledger.asked.size < LEDGER_MAX)
        ledger.asked.set(question.id, { asker: user, key: undefined });
    });
  };

  const tick = (): void => {
    if (gone) return;
    step();
    send({}, heed);
    world.after(everyMs, tick);
  };
  /** A cell under pressure asks for fewer pings, or for none for a while. */
  const heed = (reply: AnyReply): void => {
    if (reply.t === 'present') everyMs = Math.max(pingMs, reply.view.pingEveryS * 1000);
    else if (reply.t === 'problem' && reply.code === 'busy')
      everyMs = Math.max(pingMs, (reply.retryAfterS ?? 1) * 1000);
  };
  world.after(life.fromMs, () => {
    movedAt = world.now;
    handled = town.handled.get(user) ?? 0;
    town.present.add(user);
    connect();
    world.after(pingMs, tick);
  });
  life.asksAtMs.forEach((ms, n) => {
    world.after(ms, () => ask(n));
  });
  world.after(life.untilMs, () => {
    gone = true;
    town.present.delete(user);
    town.handled.set(user, handled);
    if (here === undefined || !here.sockets.delete(user)) return;
    world.dispatch(here, { t: 'socket_lost', user });
  });
}

/** What clients were told is looked up question by question at the end: of the first ones. */
const LEDGER_MAX = 200;

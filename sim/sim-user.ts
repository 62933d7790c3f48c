// A simulated person with a phone: moves, pings over HTTP or a socket, asks, answers, retries, goes offline, reinstalls.

import { minDistanceToBoundsM } from '../src/geo/distance.ts';
import { decode, encode, MAX_LENGTH } from '../src/geo/geohash.ts';
import type { Point } from '../src/geo/point.ts';
import { shifted } from '../src/geo/shifted.ts';
import { snap } from '../src/geo/snap.ts';
import type { Prng } from '../src/lib/prng.ts';
import type { CellRequest } from '../src/messages/calls.ts';
import type { Ping } from '../src/messages/records.ts';
import { type CellId, homeOf, type OfferId, type QuestionId, type UserId } from '../src/protocol/ids.ts';
import { MARGIN_M } from '../src/protocol/limits.ts';
import type { Profile } from '../src/protocol/profile.ts';
import type { OfferView, UserEvent } from '../src/protocol/views.ts';
import { askRecord, type RecordRequest } from './ask-record.ts';
import { asking } from './asking.ts';
import { connections } from './connections.ts';
import { doubts } from './doubts.ts';
import { busyOf, insistOn } from './insist.ts';
import type { Ledger } from './ledger.ts';
import { anywhereIn, type SimMap } from './map.ts';
import type { AnyReply } from './node.ts';
import { words } from './words.ts';
import type { World } from './world.ts';

const CLIENT_TIMEOUT_MS = 15_000;
/** Who comes back pings with the next tick, and waits for the answer. */
const BACK_MS = 25_000;
/** Nothing of a session before is on its way any more. */
const FORGOTTEN_MS = 120_000;

export type Agent = ReturnType<typeof agent>;
export type AgentPlan = {
  readonly user: UserId;
  readonly at: Point;
  readonly socket: boolean;
  readonly still: boolean;
  /** Pings as they like, whatever they are told, until faults stop. */
  readonly deaf?: boolean;
  /** Pings over HTTP without a session and a number. */
  readonly plain?: boolean;
  readonly nervous: boolean;
  /** A user may have several, each with sessions of its own. */
  readonly device: string;
  /** Opens their first socket without a word of their profile. */
  readonly silent: boolean;
  /** Has another device. */
  readonly twin: boolean;
  /** For what nobody should do. */
  readonly whims: Prng;
  readonly profile?: Profile;
};

export function agent(world: World, ledger: Ledger, draw: Prng, plan: AgentPlan) {
  const { user } = plan;
  const isNumbered = plan.plain !== true || plan.socket;
  const said = words(ledger, draw, user, plan.profile, isNumbered && !plan.twin);
  const willing = 50 + draw.below(50);
  let at = plan.at;
  let session = `${plan.device}1`;
  let sessionSince = Number.NEGATIVE_INFINITY;
  let seq = 0;
  /** The last ping, and of how many there is no answer yet. */
  let pinged = 0;
  let unheard = 0;
  let lastCell: CellId | undefined;
  let connecting = false;
  let leaving = false;
  let awayUntil = 0;
  let pingedSince = false;
  let offlineUntil = 0;
  let after = 0;
  let polling = false;
  let quiet = false;
  let deaf = plan.deaf === true;
  let restUntil = 0;
  let refusedAt = 0;
  let onWords: (reply: AnyReply) => void = () => undefined;
  const decided = new Set<OfferId>();
  const seen = new Map<number, UserEvent>();
  ledger.seen.set(`${user} ${plan.device}`, { user, events: seen });
  if (!ledger.acked.has(user)) ledger.acked.set(user, 0);

  const edge = world.edge(`${user} ${plan.device}`);
  const toHome = (id: QuestionId | OfferId, request: CellRequest, done: (reply: AnyReply) => void): void =>
    edge.call(homeOf(id), request, CLIENT_TIMEOUT_MS, done);
  const toRecord = (request: RecordRequest, done: (reply: AnyReply) => void): void =>
    askRecord(world, edge, request, CLIENT_TIMEOUT_MS, done, lastCell);
  const insist = (
    id: QuestionId | OfferId,
    request: CellRequest,
    tries: number,
    done: (reply: AnyReply) => void,
  ): void => insistOn(world, draw, (heard) => toHome(id, request, heard), tries, done);

  const doubt = doubts(
    ledger,
    plan.whims,
    user,
    (ms, run) => world.after(ms, run),
    (id, request, done) => insist(id, request, 3, done),
  );

  const ask = asking({ world, ledger, draw, user, doubt, send: toHome, where: () => at });

  const move = (): void => {
    if (world.strikes('teleport')) {
      at = somewhere(world.map, draw);
      return;
    }
    if (plan.still) return;
    const stepM = draw.below(plan.nervous ? 900 : 120);
    const turn = draw.unit() * 2 * Math.PI;
    at = covered(shifted(at, stepM * Math.cos(turn), stepM * Math.sin(turn)), at);
  };
  /** People stay where the service is. */
  const covered = (to: Point, from: Point): Point => (world.map.leafOf(to) === undefined ? from : to);
  const pingNow = (): { readonly ping: Ping; readonly at: Point } => {
    seq++;
    const jitter = world.faults.jitterM;
    const heard =
      jitter === 0 ? at : covered(shifted(at, (draw.unit() - 0.5) * jitter, (draw.unit() - 0.5) * jitter), at);
    const point = snap(heard, world.map.policy.gridLength);
    // Now and then the lease ends before the next ping.
    const isBrief = draw.chance(1, 10);
    const ttlMs = isBrief ? 3000 : 60_000;
    if (isBrief) ledger.brief.add(user);
    else ledger.brief.delete(user);
    ledger.left.delete(user);
    pingedSince = true;
    const spoken = said.next();
    onWords = spoken.heard;
    if (spoken.profile.capacity !== undefined) ledger.spoken.add(user);
    const { profile } = spoken;
    const numbers = isNumbered ? { session, seq } : { session: 'http' };
    return { ping: { point, profile, ttlMs, ...numbers }, at: heard };
  };

  /** A busy cell is left alone for as long as it asks, and one that stretches the interval is obeyed. */
  const heed = (reply: AnyReply): void => {
    const usualS = world.map.policy.presence.pingEveryS;
    const stretchedS = reply.t === 'present' && reply.view.pingEveryS > usualS ? reply.view.pingEveryS : 0;
    if (busyOf(reply) > 0) refusedAt = world.now;
    if (!deaf) restUntil = world.now + Math.max(busyOf(reply), stretchedS * 1000);
  };
  const presence = (): void => {
    if (connecting || leaving || restUntil > world.now) return;
    // The address of a socket need not say what was said before, nor what will be said in the first frame.
    const isStranger = !ledger.spoken.has(user) && plan.silent && plan.socket && !phone.isOpen();
    const { ping: sent, at: raw } = pingNow();
    if (isStranger) ledger.spoken.delete(user);
    const isSilent = isStranger || said.isSaid();
    const isOpening = plan.socket && (!phone.isOpen() || phone.wantsAnother());
    // What an address does not say is not acknowledged with it.
    if (isSilent && isOpening) onWords = () => undefined;
    const hears = onWords;
    if (plan.socket) {
      const answered = (reply: AnyReply): void => {
        heed(reply);
        hears(reply);
      };
      if (!isOpening) {
        phone.ping({ t: 'presence', user, ping: sent, at: raw }, answered);
        return;
      }
      const ping: Ping = isSilent ? { ...sent, profile: {}, opening: true } : sent;
      connecting = true;
      phone.open(encode(sent.point, MAX_LENGTH), { t: 'presence', user, ping, at: raw }, (reply) => {
        connecting = false;
        answered(reply);
      });
      return;
    }
    const key = encode(sent.point, MAX_LENGTH);
    const sentAt = world.now;
    ledger.present.delete(user);
    const mine = ++pinged;
    const alone = unheard++ === 0;
    const heard = (reply: AnyReply): void => {
      unheard--;
      heed(reply);
      hears(reply);
      const isStale = reply.t === 'problem' && reply.code === 'stale_ping';
      if (isStale && alone && mine === pinged) ledger.overtaken.push({ user, sentAt });
      if (reply.t !== 'present') return;
      lastCell = reply.view.cell;
      // Without numbers ages decide, and the way may be longer than the pause between two pings.
      if (alone && mine === pinged && sent.seq !== undefined)
        ledger.present.set(user, { point: sent.point, at: world.now, session: sent.session, seq: sent.seq });
    };
    edge.call(key, { t: 'presence', user, ping: sent, at: raw }, CLIENT_TIMEOUT_MS, heard, heldNear(sent.point));
  };
  /** The edge's hysteresis: within the margin of the cell that the client sends back, it stays. */
  const heldNear = (point: Point): CellId | undefined => {
    if (lastCell === undefined || !edge.isLeaf(lastCell)) return undefined;
    return minDistanceToBoundsM(point, decode(lastCell)) <= MARGIN_M ? lastCell : undefined;
  };

  /** Insists under one number, and then comes back or stays away for a while. */
  const leave = (): void => {
    leaving = true;
    pingedSince = false;
    seq++;
    // A ping that is still on its way is overtaken by this.
    pinged++;
    const numbers = isNumbered ? { session, seq } : {};
    // Without numbers nobody can tell a ping that was never answered from one that is newer than the leave.
    const isSure = isNumbered ? world.now > sessionSince + FORGOTTEN_MS : unheard === 0;
    const go = (tries: number): void =>
      world.request(world.user(user), { t: 'leave', user, ...numbers }, CLIENT_TIMEOUT_MS, (reply) => {
        if (reply.t === 'done') {
          ledger.present.delete(user);
          if (!plan.twin && isSure) ledger.left.set(user, { numbered: isNumbered });
          const awayMs = 1000 + draw.below(12_000);
          awayUntil = world.now + awayMs + BACK_MS;
          world.after(awayMs, () => {
            leaving = false;
          });
        } else if (tries > 1) world.after(busyOf(reply) + 500, () => go(tries - 1));
        else leaving = false;
      });
    go(4);
  };

  const phone = connections(world, edge, plan.whims, (event) => takeEvent(event));
  const takeEvent = (event: UserEvent): void => {
    const known = seen.get(event.seq);
    if (known === undefined) seen.set(event.seq, event);
    if (event.type === 'offer.made') consider(event.data as OfferView);
  };
  const poll = (): void => {
    if (polling) return;
    polling = true;
    toRecord({ t: 'events', user, after, limit: 50, waitMs: 0 }, (reply) => {
      polling = false;
      if (reply.t !== 'events') return;
      for (const event of reply.items) takeEvent(event);
      after = Math.max(after, reply.next);
      if (reply.items.length === 0 || draw.chance(1, 3)) return;
      const upTo = after;
      ledger.acked.set(user, Math.max(ledger.acked.get(user) ?? 0, upTo));
      toRecord({ t: 'ack', user, seq: upTo }, () => undefined);
    });
  };
  const consider = (offer: OfferView): void => {
    if (decided.has(offer.id)) return;
    decided.add(offer.id);
    const luck = draw.below(100);
    const wait = draw.below(luck < 90 ? 8000 : 40_000);
    if (luck >= willing + 10) return;
    world.after(wait, () => {
      if (luck < willing) accept(offer.id);
      else
        insist(offer.id, { t: 'decline', offerId: offer.id, user }, 3, (reply) => {
          if (reply.t === 'offer') doubt.declined(offer.id);
        });
    });
  };
  const accept = (offerId: OfferId): void =>
    insist(offerId, { t: 'accept', offerId, user }, 5, (reply) => {
      if (reply.t !== 'offer') return;
      ledger.accepted.set(offerId, user);
      doubt.accepted(offerId);
      if (draw.chance(1, 12)) return;
      world.after(draw.below(20_000), () =>
        insist(offerId, { t: 'answer', offerId, user, text: `by ${user}` }, 5, (answer) => {
          if (answer.t !== 'offer') return;
          ledger.answered.set(offerId, user);
          doubt.answered(offerId);
        }),
      );
    });

  const tick = (): void => {
    if (quiet) return;
    world.after(plan.nervous ? 500 + draw.below(2500) : 4000 + draw.below(8000), tick);
    if (offlineUntil > world.now) return;
    if (world.strikes('goOffline')) {
      offlineUntil = world.now + draw.below(180_000);
      phone.drop();
      return;
    }
    if (world.strikes('dropSocket')) phone.drop();
    if (world.strikes('reinstall')) {
      session = `${plan.device}${draw.u32()}`;
      sessionSince = world.now;
      seq = 0;
      lastCell = undefined;
      said.forget();
      phone.drop();
    }
    if (draw.chance(1, 8)) said.change();
    if (!connecting && pingedSince && draw.chance(1, 25)) leave();
    move();
    presence();
    poll();
  };

  return {
    user,
    profile: said.profile(),
    start: () => world.after(draw.below(10_000), tick),
    ask,
    poll,
    /** Stops pinging for good; offers of the past are still answered. */
    stop: () => {
      quiet = true;
      phone.drop();
    },
    wake: () => {
      offlineUntil = 0;
      deaf = false;
    },
    /** Has left, and need not be back yet. */
    isAway: () => leaving || awayUntil > world.now,
    /** When a busy cell last turned them away. */
    refusedAt: () => refusedAt,
    position: () => at,
  };
}

/** A point in some cell of the map. */
export function somewhere(map: SimMap, draw: Prng): Point {
  return anywhereIn(decode(draw.pick(map.cells)), draw);
}

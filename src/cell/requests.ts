// Requests to a cell, by name: each is handed to the room that knows its rule.

import type { CellReply, CellRequest } from '../messages/calls.ts';
import { eventFrame } from '../protocol/frames.ts';
import { problem, unknownCall } from '../protocol/problems.ts';
import { loadOf } from './backpressure/load-report.ts';
import { countLess } from './backpressure/meter.ts';
import { refusal } from './backpressure/pressure.ts';
import { endNudge, nudged } from './questions/arrival.ts';
import { dropBeacon, leaveBeacon, renewNeed } from './questions/beacons.ts';
import { isShort } from './questions/lifecycle.ts';
import { look, lostReserve } from './questions/match.ts';
import { accept, answer, decline, expire, findOffer, stateOfOffer } from './questions/offers.ts';
import { ask, cancel, move, own, underKnownId } from './questions/questions.ts';
import { amend } from './resharding/errands.ts';
import { turnedAway } from './resharding/gate.ts';
import { hand } from './resharding/handover.ts';
import { also, decides } from './resharding/life.ts';
import { isReady, mergeByHand } from './resharding/merge.ts';
import { dissolve, refusedByRemoval } from './resharding/removal.ts';
import { splitByHand } from './resharding/split.ts';
import { adopt, filled, handed, init, mayRetire, take } from './resharding/takeover.ts';
import type { Waiting } from './tables/claims.ts';
import type { Question } from './tables/questions.ts';
import { reply, type Tx } from './tx.ts';
import { apply, collect, free, noteUnread, reserve } from './users/holds.ts';
import { ping } from './users/presence.ts';
import { forget, recall } from './users/recall.ts';
import { sendAway } from './users/sockets.ts';
import { viewAnswer, viewOffer, viewQuestion } from './view.ts';

export function handle(tx: Tx, sent: CellRequest, waiting: Waiting): void {
  const request = sent.t === 'ask' ? { ...sent, question: underKnownId(tx.state, sent.question) } : sent;
  const refused = refusedByRemoval(tx, request, waiting);
  if (refused !== undefined) {
    reply(tx, waiting.token, refused);
    return;
  }
  const turned = turnedAway(tx.state, request, waiting.socket);
  if (turned !== undefined) {
    if (request.t === 'presence' && waiting.socket) sendAway(tx, request.user, { reason: 'split' });
    // Whoever waits asks again and again: that is not what makes a cell hot.
    countLess(tx.state.meter);
    reply(tx, waiting.token, turned);
    return;
  }
  switch (request.t) {
    case 'presence':
      ping(tx, request.user, request, waiting);
      return;
    case 'recall':
      recall(tx, request, waiting.token);
      return;
    default:
      reply(tx, waiting.token, refusal(tx.state, request, tx.now) ?? answerOf(tx, request));
  }
}

function answerOf(tx: Tx, request: Exclude<CellRequest, { readonly t: 'presence' | 'recall' }>): CellReply {
  switch (request.t) {
    case 'ask':
      return questionReply(tx, ask(tx, request.question, request.refused), () => undefined);
    case 'question':
      return questionReply(tx, own(tx, request.id, request.user), () => undefined);
    case 'patch':
      return questionReply(tx, own(tx, request.id, request.user), (question) => move(tx, question, request.point));
    case 'cancel':
      return questionReply(tx, own(tx, request.id, request.user), (question) => cancel(tx, question));
    case 'accept':
    case 'decline':
    case 'answer':
      return offerReply(tx, request);
    case 'load':
      return loadOf(tx.state, tx.now);
    case 'dissolve':
      dissolve(tx, request.version);
      return { t: 'done' };
    case 'forget':
      forget(tx, request.user, request.epoch, request.left === true);
      return { t: 'done' };
    case 'enter':
      return { t: 'done' };
    case 'split':
      return splitByHand(tx);
    case 'merge':
      return mergeByHand(tx);
    case 'init':
      return init(tx, request);
    case 'ready':
      return { t: 'ready', ready: isReady(tx.state) };
    case 'retire':
      return retire(tx, request);
    case 'adopt':
      return adopt(tx, request);
    case 'take':
      return take(tx, request);
    case 'filled':
      return filled(tx, request);
    case 'handed':
      return handed(tx, request);
    case 'scout':
      return scout(tx, request);
    case 'reserve': {
      const refused = reserve(tx, request);
      if (refused !== undefined) {
        renewNeed(tx, request.need);
        return { t: 'refused', reason: refused };
      }
      endNudge(tx, request.need.questionId);
      return { t: 'held' };
    }
    case 'release': {
      const held = tx.state.users.get(request.user);
      if (held !== undefined && held.phase !== 'frozen') free(tx, held, request.offerId);
      return { t: 'done' };
    }
    case 'dropBeacon':
      dropBeacon(tx, request.questionId);
      return { t: 'done' };
    case 'nudge':
      return nudged(tx, tx.state.questions.get(request.questionId), request.candidate);
    case 'state':
      return stateOfOffer(tx, findOffer(tx, request.offerId)?.offer, request.user);
    case 'absent':
      return absent(tx, request);
    case 'push':
      pushed(tx, request);
      return { t: 'done' };
    default:
      return unknownCall(request);
  }
}

/** What became of offers, and events for whoever is connected here. */
function pushed(tx: Tx, { user, offers, unread, events }: Extract<CellRequest, { readonly t: 'push' }>): void {
  for (const change of offers) apply(tx, user, change);
  noteUnread(tx, user, unread);
  if (!tx.state.sockets.has(user)) return;
  for (const event of events) tx.effects.frames.push({ user, frame: eventFrame(event), close: false });
}

/** The best people here; with too few of them, the beacon is left in the same step, so that no arrival falls between. */
function scout(tx: Tx, request: Extract<CellRequest, { readonly t: 'scout' }>): CellReply<'scout'> {
  const candidates = collect(tx.state, request.need, request.policy, request.limit, tx.now);
  const { beaconMs, need } = request;
  const isWanted = beaconMs !== undefined && candidates.length < request.limit && decides(tx.state);
  const beacon = isWanted && leaveBeacon(tx, need, beaconMs);
  const others = also(tx.state);
  return { t: 'scouted', candidates, beacon, ...(others.length === 0 ? {} : { also: others }) };
}

function retire(tx: Tx, request: Extract<CellRequest, { readonly t: 'retire' }>): CellReply<'retire'> {
  if (!mayRetire(tx, request.op)) return { t: 'done' };
  amend(tx, { heard: request.op.n });
  hand(tx, request.op, request.to);
  return { t: 'done' };
}

/** The holder says that the user has gone: a pending offer ends, one that was about to be made is none, and somebody else is looked for. */
function absent(tx: Tx, request: Extract<CellRequest, { readonly t: 'absent' }>): CellReply<'absent'> {
  const found = findOffer(tx, request.offerId);
  if (found !== undefined && found.offer.user === request.user && found.offer.state === 'pending') {
    expire(tx, found.question, found.offer);
    if (isShort(found.question)) look(tx, found.question);
  } else if (found !== undefined && found.offer.user === request.user) {
    lostReserve(tx, found.question, found.offer.id);
  }
  return stateOfOffer(tx, found?.offer, request.user);
}

function questionReply(
  tx: Tx,
  found: ReturnType<typeof own>,
  act: (question: Question) => ReturnType<typeof cancel>,
): CellReply<'question'> {
  if ('t' in found) return found;
  return act(found) ?? { t: 'question', view: viewQuestion(tx.state, found) };
}

type OfferVerb = Extract<CellRequest, { readonly t: 'accept' | 'decline' | 'answer' }>;

function offerReply(tx: Tx, request: OfferVerb): CellReply<'accept'> {
  const found = findOffer(tx, request.offerId);
  // Somebody else's offer, or an attempt that never became one, is nothing that this user may know of.
  if (found === undefined || found.offer.madeAt === undefined) return problem('unknown_offer');
  const { question, offer } = found;
  if (request.user !== null && offer.user !== request.user) return problem('unknown_offer');
  const refused =
    request.t === 'accept'
      ? accept(tx, question, offer)
      : request.t === 'decline'
        ? decline(tx, question, offer)
        : answer(tx, question, offer, request.text);
  if (refused !== undefined) return refused;
  if (request.t === 'decline' && isShort(question)) look(tx, question);
  const given = viewAnswer(offer);
  return { t: 'offer', view: viewOffer(question, offer), ...(given === undefined ? {} : { answer: given }) };
}

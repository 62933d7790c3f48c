// Requests to a cell, by name: each is handed to the room that knows its rule.

import type { CellReply, CellRequest, RecordCalls } from '../messages/calls.ts';
import { problem, unknownCall } from '../protocol/problems.ts';
import { loadOf } from './backpressure/load-report.ts';
import { countLess } from './backpressure/meter.ts';
import { refusal } from './backpressure/pressure.ts';
import { endNudge, nudged } from './questions/arrival.ts';
import { answerAsker } from './questions/askers.ts';
import { dropBeacon, leaveBeacon, renewNeed } from './questions/beacons.ts';
import { isShort } from './questions/lifecycle.ts';
import { accept, answer, decline, expire, findOffer, stateOfOffer } from './questions/offers.ts';
import { ask, cancel, move, ownQuestion, underKnownId } from './questions/own-questions.ts';
import { lostReserve, startSearch } from './questions/searches.ts';
import { turnedAway } from './resharding/gate.ts';
import { startHandOff } from './resharding/handover.ts';
import { isReady, mergeByHand } from './resharding/merge.ts';
import { coOwners, decides } from './resharding/phases.ts';
import { dissolve, refusedByRemoval } from './resharding/removal.ts';
import { splitByHand } from './resharding/split.ts';
import { adopt, filled, handed, init, mayRetire, take } from './resharding/takeover.ts';
import { amendRole } from './resharding/tasks.ts';
import type { Waiting } from './tables/claims.ts';
import { wasMade } from './tables/offers.ts';
import type { Question } from './tables/questions.ts';
import { serveRecord } from './users/custody.ts';
import { collectCandidates, releaseSlot, reserve } from './users/holds.ts';
import { ping } from './users/presence.ts';
import { forget, recall } from './users/recall.ts';
import { pushEvents, sendAway } from './users/sockets.ts';
import { viewAnswer, viewOffer, viewQuestion } from './view.ts';
import { fence, reply, type Step } from './workspace.ts';

/** What a change of the map tells its cells. */
const HANDED: ReadonlySet<CellRequest['t']> = new Set(['init', 'retire', 'adopt', 'take', 'filled', 'handed']);

export function handle(step: Step, sent: CellRequest, waiting: Waiting): void {
  const request = sent.t === 'ask' ? { ...sent, question: underKnownId(step.state, sent.question) } : sent;
  const refused = refusedByRemoval(step, request, waiting);
  if (refused !== undefined) {
    reply(step, waiting.token, refused);
    return;
  }
  const turned = turnedAway(step.state, request, waiting.socket);
  if (turned !== undefined) {
    if (request.t === 'presence' && waiting.socket) sendAway(step, request.user, { reason: 'split' });
    // Whoever waits asks again and again: that is not what makes a cell hot.
    countLess(step.state.meter);
    reply(step, waiting.token, turned);
    return;
  }
  switch (request.t) {
    case 'presence':
      ping(step, request.user, request, waiting);
      return;
    case 'recall':
      recall(step, request, waiting.token);
      return;
    case 'deliver':
    case 'events':
    case 'ack':
    case 'questions':
    case 'offers':
      serveRecord(step, request, waiting);
      return;
    case 'ask': {
      const isNew = !step.state.questions.has(request.question.id);
      const asked = refusal(step.state, request, step.now) ?? ask(step, request.question);
      if ('t' in asked) reply(step, waiting.token, asked);
      else answerAsker(step, asked, isNew, waiting.token);
      return;
    }
    default:
      // Whoever hands over acts on that word: an older instance, which knows nothing of the change, must not give it from memory.
      if (HANDED.has(request.t)) fence(step);
      reply(step, waiting.token, refusal(step.state, request, step.now) ?? answerOf(step, request));
  }
}

type Answered = Exclude<CellRequest, { readonly t: 'presence' | 'recall' | 'ask' | keyof RecordCalls }>;

function answerOf(step: Step, request: Answered): CellReply {
  switch (request.t) {
    case 'question':
      return questionReply(step, ownQuestion(step, request.id, request.user), () => undefined);
    case 'patch':
      return questionReply(step, ownQuestion(step, request.id, request.user), (question) =>
        move(step, question, request.point),
      );
    case 'cancel':
      return questionReply(step, ownQuestion(step, request.id, request.user), (question) => cancel(step, question));
    case 'accept':
    case 'decline':
    case 'answer':
      return offerReply(step, request);
    case 'load':
      return loadOf(step.state, step.now);
    case 'dissolve':
      dissolve(step, request.version);
      return { t: 'done' };
    case 'forget':
      forget(step, request.user, request.epoch, request.left === true);
      return { t: 'done' };
    case 'enter':
      return { t: 'done' };
    case 'split':
      return splitByHand(step);
    case 'merge':
      return mergeByHand(step);
    case 'init':
      return init(step, request);
    case 'ready':
      return { t: 'ready', ready: isReady(step.state) };
    case 'retire':
      return retire(step, request);
    case 'adopt':
      return adopt(step, request);
    case 'take':
      return take(step, request);
    case 'filled':
      return filled(step, request);
    case 'handed':
      return handed(step, request);
    case 'scout':
      return scout(step, request);
    case 'reserve': {
      const refused = reserve(step, request);
      if (refused !== undefined) {
        renewNeed(step, request.need);
        return { t: 'refused', reason: refused };
      }
      endNudge(step, request.need.questionId);
      return { t: 'held' };
    }
    case 'release': {
      const resident = step.state.users.get(request.user);
      if (resident !== undefined && resident.phase !== 'frozen') releaseSlot(step, resident, request.offerId);
      return { t: 'done' };
    }
    case 'dropBeacon':
      dropBeacon(step, request.questionId);
      return { t: 'done' };
    case 'nudge':
      return nudged(step, step.state.questions.get(request.questionId), request.candidate);
    case 'state':
      return stateOfOffer(step, findOffer(step, request.offerId)?.offer, request.user);
    case 'absent':
      return absent(step, request);
    case 'push':
      pushEvents(step, request.user, request.events);
      return { t: 'done' };
    default:
      return unknownCall(request);
  }
}

/** The best people here; with too few of them, the beacon is left in the same step, so that no arrival falls between. */
function scout(step: Step, request: Extract<CellRequest, { readonly t: 'scout' }>): CellReply<'scout'> {
  const candidates = collectCandidates(step.state, request.need, request.policy, request.limit, step.now);
  const { beaconMs, need, enough = request.limit } = request;
  const isWanted = beaconMs !== undefined && candidates.length < enough && decides(step.state);
  const beacon = isWanted && leaveBeacon(step, need, beaconMs);
  const others = coOwners(step.state);
  return { t: 'scouted', candidates, beacon, ...(others.length === 0 ? {} : { coOwners: others }) };
}

function retire(step: Step, request: Extract<CellRequest, { readonly t: 'retire' }>): CellReply<'retire'> {
  if (!mayRetire(step, request.op)) return { t: 'done' };
  amendRole(step, { heard: request.op.n });
  startHandOff(step, request.op, request.to);
  return { t: 'done' };
}

/** The holder says that the user has gone: a pending offer ends, one that was about to be made is none, and somebody else is looked for. */
function absent(step: Step, request: Extract<CellRequest, { readonly t: 'absent' }>): CellReply<'absent'> {
  const found = findOffer(step, request.offerId);
  if (found !== undefined && found.offer.user === request.user && found.offer.state === 'pending') {
    expire(step, found.question, found.offer);
    if (isShort(found.question)) startSearch(step, found.question);
  } else if (found !== undefined && found.offer.user === request.user) {
    lostReserve(step, found.question, found.offer.id);
  }
  return stateOfOffer(step, found?.offer, request.user);
}

function questionReply(
  step: Step,
  found: ReturnType<typeof ownQuestion>,
  act: (question: Question) => ReturnType<typeof cancel>,
): CellReply<'question'> {
  if ('t' in found) return found;
  return act(found) ?? { t: 'question', view: viewQuestion(step.state, found) };
}

type OfferVerb = Extract<CellRequest, { readonly t: 'accept' | 'decline' | 'answer' }>;

function offerReply(step: Step, request: OfferVerb): CellReply<'accept'> {
  const found = findOffer(step, request.offerId);
  // Somebody else's offer, or an attempt that never became one, is nothing that this user may know of.
  if (found === undefined) return problem('unknown_offer');
  const { question, offer } = found;
  if (!wasMade(offer)) return problem('unknown_offer');
  if (request.user !== null && offer.user !== request.user) return problem('unknown_offer');
  const refused =
    request.t === 'accept'
      ? accept(step, question, offer)
      : request.t === 'decline'
        ? decline(step, question, offer)
        : answer(step, question, offer, request.text);
  if (refused !== undefined) return refused;
  if (request.t === 'decline' && isShort(question)) startSearch(step, question);
  const given = viewAnswer(offer);
  return { t: 'offer', view: viewOffer(question, offer), ...(given === undefined ? {} : { answer: given }) };
}

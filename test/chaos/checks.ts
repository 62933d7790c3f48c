// What must hold, checked from outside over the whole history: each check is a pure function from evidence to violations.
import { type OfferId, type QuestionId, questionOf, type UserId } from '../../src/protocol/ids.ts';
import { acceptedOf, ENDED, evidenceOf } from './evidence.ts';
import type { History } from './history.ts';
import { inboxChecks } from './inbox-checks.ts';
import type { Check, Violation } from './violation.ts';

/** What an offer or a question that is over may answer. */
const OVER: ReadonlySet<string> = new Set(['offer_gone', 'question_ended']);

export function violationsOf(history: History): readonly Violation[] {
  const evidence = evidenceOf(history);
  return CHECKS.flatMap((check) => check(history, evidence));
}

/** KEEP1: every acknowledged question is there, listed, and has ended the way that its answers and cancels say. */
const questionsAreKept: Check = ({ final, cancels }, { asked }) => {
  const found: Violation[] = [];
  const cancelSent = new Set(cancels.map(({ question }) => question));
  for (const [id, user] of asked) {
    const view = final.questions.get(id);
    if (view === undefined) {
      found.push({ rule: 'KEEP1', kind: 'lost', text: `${id} of ${user} was acknowledged and is not there` });
      continue;
    }
    if (!ENDED.has(view.state)) {
      const text = `${id} of ${user} is ${view.state}, long after it expired at ${view.expiresAt}`;
      found.push({ rule: 'LIVE1', text, late: true });
      continue;
    }
    const answers = view.answers.length;
    if ((view.state === 'answered' && answers === 0) || (view.state === 'expired' && answers > 0))
      found.push({ rule: 'KEEP1', text: `${id} of ${user} is ${view.state} with ${answers} answers` });
    if (view.state === 'cancelled' && !cancelSent.has(id))
      found.push({ rule: 'KEEP1', text: `${id} of ${user} is cancelled, and ${user} did not cancel it` });
    if (final.listed.get(user)?.some((one) => one.id === id) !== true)
      found.push({ rule: 'KEEP1', text: `${id} is not among the questions of ${user}`, late: true });
  }
  return found;
};

/** KEEP1: a cancel that was acknowledged stays. LIVE1: also what was asked without an acknowledgement ends. */
const endsAreFinal: Check = ({ cancels, final }, { views, asked }) => {
  const found: Violation[] = [];
  for (const { question, user, outcome } of cancels) {
    const state = views.get(question)?.state;
    if (outcome.t === 'done' && state !== undefined && state !== 'cancelled')
      found.push({ rule: 'KEEP1', text: `the cancel of ${question} by ${user} was acknowledged, and it is ${state}` });
    if (outcome.t === 'refused' && !OVER.has(outcome.code))
      found.push({ rule: 'KEEP1', text: `the cancel of ${question} by ${user} was refused: ${outcome.code}` });
  }
  for (const [user, list] of final.listed) {
    for (const { id, state } of list) {
      if (!asked.has(id) && !ENDED.has(state))
        found.push({ rule: 'LIVE1', text: `${id} of ${user} is ${state}`, late: true });
    }
  }
  return found;
};

/** ONE1: never more accepts than answers wanted, in replies, events and views together. */
const fewEnoughAccepts: Check = (history, evidence) => {
  const found: Violation[] = [];
  const wanted = new Map<QuestionId, number>();
  for (const { outcome } of history.asks)
    if (outcome.t === 'done') wanted.set(outcome.value.id, outcome.value.answersWanted);
  for (const [id, { answersWanted }] of evidence.views) wanted.set(id, answersWanted);
  for (const [id, offers] of acceptedOf(history, evidence)) {
    const most = wanted.get(id);
    if (most !== undefined && offers.size > most) {
      const text = `${id} wants ${most} and was accepted ${offers.size} times: ${[...offers].join(', ')}`;
      found.push({ rule: 'ONE1', kind: 'doubleAccept', text });
    }
  }
  return found;
};

/** ONE1: an acknowledged accept is final: its question ends, or it is answered, and nothing else becomes of it. */
const acceptsAreFinal: Check = ({ deeds }, { done, offers, views }) => {
  const found: Violation[] = [];
  const accepted = new Set(done('accept').map(({ offer }) => offer));
  for (const { offer, user } of done('accept')) {
    const known = offers.get(offer);
    if (known?.ended?.how === 'offer.withdrawn')
      found.push({ rule: 'ONE1', text: `${user} accepted ${offer}, and it was withdrawn` });
    const view = views.get(questionOf(offer));
    const ended = view === undefined || ENDED.has(view.state);
    if (ended && known !== undefined && known.answeredAt === undefined && known.ended === undefined)
      found.push({ rule: 'ONE1', text: `${user} accepted ${offer}, and heard nothing at its end`, late: true });
  }
  for (const { offer, user } of done('decline'))
    if (accepted.has(offer))
      found.push({ rule: 'ONE1', text: `${user} was told that ${offer} is accepted, and declined` });
  for (const { verb, offer, user, outcome } of deeds) {
    if (outcome.t !== 'refused') continue;
    const told = `${verb} of ${offer} by ${user} was refused: ${outcome.code}`;
    if (outcome.code === 'unknown_offer') found.push({ rule: 'ONE1', text: told });
    else if (verb === 'answer' && !OVER.has(outcome.code))
      found.push({ rule: 'ONE1', text: `${told}, after its accept` });
  }
  return found;
};

/** KEEP1: an acknowledged answer is there, as it was given. */
const answersAreKept: Check = (_, { done, views }) =>
  done('answer').flatMap(({ offer, user, text }) => {
    const view = views.get(questionOf(offer));
    const answer = view?.answers.find(({ offerId }) => offerId === offer);
    if (view === undefined || answer?.text === text) return [];
    return [
      { rule: 'KEEP1', text: `the answer to ${offer} by ${user} was acknowledged and is ${answer?.text ?? 'gone'}` },
    ];
  });

/** ONE2: never more live offers than capacity, nor two for one question; an offer counts from when it was made to the
 * first moment at which it may have been over. */
const capacityIsKept: Check = ({ members }, { offers }) => {
  const found: Violation[] = [];
  for (const { user, capacity } of members) {
    const mine = [...offers.values()]
      .filter((offer) => offer.user === user)
      .map(({ id, madeAt, ended, answeredAt, declineSentAt }) => {
        const ends = [ended?.at, answeredAt, declineSentAt].filter((at) => at !== undefined);
        return { id, from: madeAt, to: Math.min(...ends) };
      })
      .sort((a, b) => a.from - b.from);
    for (const { id, from } of mine) {
      const live = mine.filter(
        (other) => other.from <= from && other.to > from && (other.from < from || other.id <= id),
      );
      if (live.length > capacity) {
        const text = `${user} can take ${capacity} and at ${new Date(from).toISOString()} has ${live.map((one) => one.id).join(', ')}`;
        found.push({ rule: 'ONE2', text });
      }
      const same = live.find((other) => other.id !== id && questionOf(other.id) === questionOf(id));
      if (same !== undefined) found.push({ rule: 'ONE2', text: `${user} has ${same.id} and ${id} at once` });
    }
  }
  return found;
};

/** ONCE1: one key, one body, one question; with another body it is refused. */
const keysAreOne: Check = ({ asks }) => {
  const found: Violation[] = [];
  const ids = new Map<string, QuestionId>();
  const owners = new Map<QuestionId, string>();
  for (const { user, key, text, kind, outcome } of asks) {
    if (kind === 'other') {
      if (outcome.t === 'done' || (outcome.t === 'refused' && outcome.code !== 'key_reused')) {
        const what = outcome.t === 'done' ? `gave ${outcome.value.id}` : `was refused: ${outcome.code}`;
        found.push({ rule: 'ONCE1', text: `key ${key} of ${user} with another body ${what}` });
      }
      continue;
    }
    if (outcome.t === 'refused')
      found.push({ rule: 'EDGE1', text: `${user} asked “${text}” and was refused: ${outcome.code}` });
    if (outcome.t !== 'done') continue;
    const { id } = outcome.value;
    const name = `${user} ${key ?? text}`;
    const owner = owners.get(id);
    if (owner !== undefined && owner !== name)
      found.push({ rule: 'ONCE1', text: `${id} is both ${owner} and ${name}` });
    owners.set(id, name);
    const before = ids.get(name);
    if (before !== undefined && before !== id)
      found.push({ rule: 'ONCE1', text: `key ${key} of ${user} is both ${before} and ${id}` });
    ids.set(name, id);
  }
  return found;
};

/** LIVE1: at the end nobody has live offers, no cell thinks so, and every offer that was made has ended. */
const nothingIsLeft: Check = ({ final }, { offers }) => {
  const found: Violation[] = [];
  const left = (where: string, lists: ReadonlyMap<UserId, readonly { readonly id: OfferId }[]>): void => {
    for (const [user, list] of lists) {
      if (list.length === 0) continue;
      const text = `${user} still has ${list.map(({ id }) => id).join(', ')} ${where}`;
      found.push({ rule: 'LIVE1', text, late: true });
    }
  };
  left('among the offers', final.offers);
  left('in the cell that holds them', final.held);
  for (const { id, user, ended, answeredAt, declineSentAt } of offers.values()) {
    if (ended !== undefined || answeredAt !== undefined || declineSentAt !== undefined) continue;
    found.push({ rule: 'LIVE1', text: `${id} was made to ${user} and never ended`, late: true });
  }
  return found;
};

/** LIVE1: whatever was asked of the service got a definite answer in the end. EDGE1: none of them a fault. */
const everyCallIsAnswered: Check = ({ asks, deeds, cancels, faults }) => {
  const unknown = [
    ...asks.filter(({ outcome }) => outcome.t === 'unknown').map(({ user, text }) => `“${text}” of ${user}`),
    ...deeds
      .filter(({ outcome }) => outcome.t === 'unknown')
      .map(({ verb, offer, user }) => `${verb} of ${offer} by ${user}`),
    ...cancels.filter(({ outcome }) => outcome.t === 'unknown').map(({ question }) => `cancel of ${question}`),
  ];
  return [
    ...unknown.map((what) => ({ rule: 'LIVE1', text: `${what} got no definite answer` })),
    ...faults.map(({ user, status, call, body }) => ({
      rule: 'EDGE1',
      text: `${call} of ${user} got ${status}: ${body.slice(0, 300)}`,
    })),
  ];
};

const CHECKS: readonly Check[] = [
  questionsAreKept,
  endsAreFinal,
  fewEnoughAccepts,
  acceptsAreFinal,
  answersAreKept,
  capacityIsKept,
  keysAreOne,
  nothingIsLeft,
  everyCallIsAnswered,
  ...inboxChecks,
];

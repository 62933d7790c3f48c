// This cell as the custodian of the records of those whom it holds: their news is taken here, and here they are read and acknowledged.
import { inboxIsFull } from '../../matching/filter.ts';
import type { CellReply, CellRequest, NotHere, RecordCalls } from '../../messages/calls.ts';
import type { CellId, UserId } from '../../protocol/ids.ts';
import { CALL_TIMEOUT_MS, INBOX_MAX } from '../../protocol/limits.ts';
import {
  acknowledge,
  eventsAfter,
  hasNews,
  type Inbox,
  type News,
  purge,
  storedReply,
  type Taken,
  takeNews,
} from '../../record/inbox.ts';
import { ownQuestions } from '../../record/own-questions.ts';
import { endWait, endWaits } from '../../record/waiting.ts';
import type { CellState } from '../state.ts';
import type { Token, Waiting } from '../tables/claims.ts';
import type { LapsedResident, LiveResident } from '../tables/users.ts';
import { viewHolds } from '../view.ts';
import { call, reply, type Step } from '../workspace.ts';
import { applyOfferChange } from './holds.ts';
import { attach, pushEvents } from './sockets.ts';

export type Custody = (LiveResident | LapsedResident) & { inbox: Inbox };
type RecordRequest = Extract<CellRequest, { readonly t: keyof RecordCalls }>;

const GONE: NotHere = { t: 'not_here', missing: false };

/** The user's record, if this cell is its custodian: a frozen row takes nothing, and one of before has no inbox yet. */
export function custodyOf({ users }: Pick<CellState, 'users'>, user: UserId): Custody | undefined {
  const resident = users.get(user);
  return resident === undefined || resident.phase === 'frozen' || resident.inbox === undefined
    ? undefined
    : (resident as Custody);
}

/** Answers, or says that the record is not here. */
export function serveRecord(step: Step, request: RecordRequest, { token, socket }: Waiting): void {
  const resident = custodyOf(step.state, request.user);
  const row = step.state.users.get(request.user);
  if (request.t === 'offers') {
    const isHere = row !== undefined && row.phase !== 'frozen';
    reply(step, token, isHere ? { t: 'offers', items: viewHolds(row) } : notHere(step, request));
  } else if (resident === undefined) {
    reply(step, token, notHere(step, request));
  } else if (request.t === 'events' && request.waitMs > 0 && !hasNews(resident.inbox, request.after)) {
    const { user, after, limit } = request;
    step.state.waiters.push({ token, user, after, limit });
  } else reply(step, token, answerOf(step, resident, request, socket));
}

/** Takes what a question has to tell: in the question's own cell in the very step that causes it. */
export function takeNewsOf(step: Step, resident: Custody, news: News): Taken {
  const { inbox, user } = resident;
  purge(inbox, step.now);
  const taken = takeNews(inbox, news, step.now);
  if (taken.stored === 0) return taken;
  step.users.add(user);
  for (const change of taken.offers) applyOfferChange(step, user, change);
  pushEvents(step, user, taken.events);
  return taken;
}

/** A long poll has waited long enough. */
export function stopWaiting(step: Step, token: Token): void {
  const { state } = step;
  endWait(
    state.waiters,
    token,
    ({ user }) => custodyOf(state, user)?.inbox,
    () => GONE,
    (to, page) => reply(step, to, page),
  );
}

/** At the end of a step: whoever waits here for events that have come has them, and is sent on from a record that has gone. */
export function answerWaiters(step: Step): void {
  const { state } = step;
  endWaits(
    state.waiters,
    ({ user }) => custodyOf(state, user)?.inbox,
    () => GONE,
    (token, page) => reply(step, token, page),
  );
}

/** Tells the UserObject that the cell that it names has no row of that epoch. */
export function reportMissing(step: Step, user: UserId, cell: CellId, epoch: number): void {
  call(step, { t: 'missing' }, { to: 'user', user }, { t: 'missing', user, cell, epoch }, CALL_TIMEOUT_MS);
}

/** `missing`: the caller was told of an epoch that this cell has no row of. */
function notHere({ state }: Step, { user, epoch }: RecordRequest): NotHere {
  const resident = state.users.get(user);
  return { t: 'not_here', missing: epoch !== undefined && (resident === undefined || resident.epoch < epoch) };
}

type OfInbox = Exclude<RecordRequest, { readonly t: 'offers' }>;

function answerOf(step: Step, resident: Custody, request: OfInbox, soft: boolean): CellReply<keyof RecordCalls> {
  const { inbox } = resident;
  switch (request.t) {
    case 'deliver':
      return storedReply(takeNewsOf(step, resident, request));
    case 'events':
      return eventsAfter(inbox, request.after, request.limit);
    case 'ack':
      return { t: 'acked', seq: acknowledged(step, resident, request.seq, soft) };
    case 'questions':
      return ownQuestions(inbox, request.after, request.limit);
  }
}

/**
 * Who has read is suitable again. `soft`: over a socket, which keeps it until the row is written anyway; where the inbox is half full it is
 * written at once.
 */
function acknowledged(step: Step, resident: Custody, seq: number, soft: boolean): number {
  const before = resident.inbox.events.size;
  const wasFull = inboxIsFull(resident);
  const upTo = acknowledge(resident.inbox, seq);
  if (resident.inbox.events.size === before) return upTo;
  const isSoft = soft && before <= INBOX_MAX / 2 && resident.phase === 'live';
  if (isSoft && step.state.sockets.has(resident.user)) attach(step, resident);
  else step.users.add(resident.user);
  if (wasFull && resident.phase === 'live') step.wakeCandidates.add(resident.user);
  return upTo;
}

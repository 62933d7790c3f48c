// News on its way from a question to the custodians of its users' records: taken in the step that causes it where that is this very cell,
// else sent in order until it was stored, first to the cell where the record was last.
import { plusMs } from '../../lib/brand.ts';
import { withinBytes } from '../../lib/within-bytes.ts';
import type { CellReply, UserReply } from '../../messages/calls.ts';
import type { StreamItem } from '../../messages/records.ts';
import type { UserId } from '../../protocol/ids.ts';
import {
  CALL_TIMEOUT_MS,
  KEPT_AFTER_END_MS,
  NEWS_BYTES_MAX,
  NEWS_MAX,
  RESERVE_TIMEOUT_MS,
} from '../../protocol/limits.ts';
import type { News, Taken } from '../../record/inbox.ts';
import { decides } from '../resharding/phases.ts';
import { hasEnded, type Question, type Stream } from '../tables/questions.ts';
import { type Custody, custodyOf, reportMissing, takeNewsOf } from '../users/custody.ts';
import { call, type Step } from '../workspace.ts';
import { settleAsker } from './askers.ts';
import { isPaid } from './lifecycle.ts';
import { cancel } from './own-questions.ts';

const BACK_OFF_MAX_MS = 60_000;

export type Delivered = UserReply<'deliver'> | CellReply<'deliver'> | { readonly t: 'failed' };

/** Hands over what is owed: to records here at once, and to others what is not on its way. */
export function deliver(step: Step, question: Question): void {
  if (!decides(step.state)) return;
  for (const [user, stream] of [...question.streams]) {
    if (stream.items.length === 0) continue;
    const here = custodyOf(step.state, user);
    if (here !== undefined) takeHere(step, question, stream, here);
    else if (stream.call === undefined && (stream.retryAt === undefined || stream.retryAt <= step.now))
      send(step, question, user, stream);
  }
}

function takeHere(step: Step, question: Question, stream: Stream, resident: Custody): void {
  const taken = takeNewsOf(step, resident, newsFor(step, question, stream, stream.items));
  stream.call = undefined;
  heard(step, question, stream, taken);
}

function send(step: Step, question: Question, user: UserId, stream: Stream): void {
  stream.retryAt = undefined;
  const items = withinBytes(stream.items, NEWS_MAX, NEWS_BYTES_MAX);
  const { cell, epoch } = stream.at ?? {};
  const isElsewhere = cell !== undefined && cell !== step.state.mapRow.cell;
  stream.call = call(
    step,
    { t: 'deliver', question: question.id, user },
    isElsewhere ? { to: 'cell', cell } : { to: 'user', user },
    {
      t: 'deliver',
      user,
      ...newsFor(step, question, stream, items),
      ...(isElsewhere && epoch !== undefined ? { epoch } : {}),
    },
    // Whoever has just asked waits for the answer.
    step.state.askers.has(question.id) ? RESERVE_TIMEOUT_MS : CALL_TIMEOUT_MS,
  );
  step.touched.add(question.id);
}

/** The answer of a cell, or of the UserObject. */
export function delivered(step: Step, question: Question, user: UserId, callId: number, answer: Delivered): void {
  const stream = question.streams.get(user);
  if (stream === undefined || stream.call !== callId) return;
  stream.call = undefined;
  step.touched.add(question.id);
  step.owing.add(question.id);
  switch (answer.t) {
    case 'stored':
      heard(step, question, stream, answer);
      return;
    case 'elsewhere':
      named(step, question, user, stream, answer);
      return;
    case 'not_here':
      notThere(step, question, user, stream, answer.missing);
      return;
    default:
      // Nobody is owed anything any more: whoever they were has been forgotten.
      if (answer.t === 'problem' && answer.code === 'erased') heard(step, question, stream, { upTo: stream.next - 1 });
      else {
        stream.at = undefined;
        later(step, question, stream);
      }
  }
}

/** The UserObject names the holder. */
function named(
  step: Step,
  question: Question,
  user: UserId,
  stream: Stream,
  at: Extract<Delivered, { readonly t: 'elsewhere' }>,
): void {
  const { cell, epoch } = at;
  if (cell !== step.state.mapRow.cell) {
    stream.at = { cell, epoch };
    return;
  }
  // It is said to be here, and is not: a frozen row, or a grant that never arrived.
  const resident = step.state.users.get(user);
  if (resident === undefined || resident.epoch < epoch) reportMissing(step, user, cell, epoch);
  later(step, question, stream);
}

/** A cell that was tried on a guess is followed by the UserObject at once; of one that was named it is told. */
function notThere(step: Step, question: Question, user: UserId, stream: Stream, isMissing: boolean): void {
  const { at } = stream;
  stream.at = undefined;
  if (at?.epoch === undefined) return;
  if (isMissing) reportMissing(step, user, at.cell, at.epoch);
  later(step, question, stream);
}

function heard(step: Step, question: Question, stream: Stream, said: Pick<Taken, 'upTo'> & Partial<Taken>): void {
  // One that got no further (it sees a gap) is not asked again at once, for ever.
  if (said.upTo < (stream.items[0]?.n ?? 0)) {
    later(step, question, stream);
    return;
  }
  stored(step, question, stream, said.upTo);
  judged(step, question, said);
  if (isOfAsker(question, stream)) settleAsker(step, question);
}

function stored(step: Step, question: Question, stream: Stream, upTo: number): void {
  stream.failures = 0;
  stream.acked = Math.max(stream.acked, upTo);
  stream.items = stream.items.filter((item) => item.n > upTo);
  // An acknowledgement costs a row only once: when an ended question owes nothing any more.
  if (hasEnded(question.phase) && isPaid(question)) step.questions.add(question.id);
}

/** The custodian of the asker's record knows an earlier question of the same key, or that there is no room for another. */
function judged(step: Step, question: Question, { duplicateOf, refused }: Partial<Taken>): void {
  if (hasEnded(question.phase)) return;
  if (duplicateOf !== undefined && duplicateOf !== question.id) question.duplicateOf = duplicateOf;
  else if (refused !== undefined) question.refused = refused;
  else return;
  cancel(step, question);
}

const isOfAsker = (question: Question, stream: Stream): boolean => question.streams.get(question.asker) === stream;

function later(step: Step, question: Question, stream: Stream): void {
  if (isOfAsker(question, stream)) settleAsker(step, question);
  stream.failures++;
  stream.retryAt = plusMs(step.now, Math.min(BACK_OFF_MAX_MS, 500 * 2 ** Math.min(stream.failures, 10)));
}

function newsFor(step: Step, question: Question, { acked }: Stream, items: readonly StreamItem[]): News {
  const { id: questionId, incarnation } = question;
  return { questionId, incarnation, keepMs: keepMs(step, question), after: acked, items };
}

/** The question may repeat itself until it is dropped: a day after its end, and a day to spare. */
function keepMs(step: Step, question: Question): number {
  return Math.max(0, question.expiresAt - step.now) + 2 * KEPT_AFTER_END_MS;
}

// Dehydration: a question that found too few sleeps until its alarm, or until somebody suitable arrives.
import { type EpochMs, plusMs } from '../../lib/brand.ts';
import { sleepMs } from '../../matching/stages.ts';
import type { Question } from '../state.ts';
import type { Tx } from '../tx.ts';
import { isLive } from './lifecycle.ts';
import { policyOf } from './need.ts';
import { tellAsker } from './streams.ts';

/** Longer at each stage, never beyond the expiry. With a live offer it stays open and is only tried again. */
export function sleep(tx: Tx, question: Question): void {
  question.stage++;
  const at = Math.min(plusMs(tx.now, sleepMs(policyOf(tx.state), question.stage)), question.expiresAt) as EpochMs;
  tx.questions.add(question.id);
  if (question.offers.some(isLive)) {
    question.phase = { t: 'open', retryAt: at };
    return;
  }
  const fresh = question.phase.t !== 'dormant';
  question.phase = { t: 'dormant', wakeAt: at };
  tx.journal.push({ t: 'question.dormant', q: question.id, stage: question.stage });
  if (fresh) tellAsker(tx, question, 'question.dormant');
}

// Dehydration: a question that found too few sleeps until its alarm, or until somebody suitable arrives.

import { type EpochMs, epochMs } from '../../lib/brand.ts';
import { hash32 } from '../../lib/prng.ts';
import { sleepMs } from '../../matching/stages.ts';
import { record } from '../journal.ts';
import { isLive } from '../tables/offers.ts';
import type { Question } from '../tables/questions.ts';
import type { Step } from '../workspace.ts';
import { isRepeat, policyOf } from './need.ts';
import { tellAsker } from './streams.ts';

/** Long sleeps are longer than the policy says by up to this share, so that those who fell asleep together do not wake together. */
const SPREAD = 0.2;
const SPREAD_FROM_MS = 60_000;
/** WAKE1 leaves a minute. */
const SOON_MS = 30_000;

/**
 * Longer at each stage, never beyond the expiry. With a live offer it stays open and is only tried again. A sleeper that was tried by
 * time once more, no farther than before, and found nobody, changes in memory alone: lost in a crash, it is tried a few times too often.
 */
export function sleep(step: Step, question: Question): void {
  const fresh = question.phase.t !== 'dormant';
  const repeated = !fresh && isRepeat(step.state, question);
  question.stage++;
  const at = endOfSleep(step, question, step.now);
  if (repeated) step.touched.add(question.id);
  else step.questions.add(question.id);
  if (question.offers.some(isLive)) {
    question.phase = { t: 'open', retryAt: at };
    step.questions.add(question.id);
    return;
  }
  question.phase = { t: 'dormant', wakeAt: at };
  if (repeated) return;
  record(step, { t: 'question.dormant', q: question.id, stage: question.stage });
  if (fresh) tellAsker(step, question, 'question.dormant');
}

/**
 * Tries that found nobody and changed memory alone are forgotten when the cell leaves memory, as it does between two of them: as many
 * have been since the row was written as there was time for. Without this a sleeper would sleep as its row says for ever.
 * @param tried every try that was due by then has been made; the last of a later one may have been, and is made again
 */
export function countTries(step: Step, question: Question, tried: EpochMs): void {
  while (question.phase.t === 'dormant' && isRepeat(step.state, question)) {
    const wakeAt = endOfSleep(step, { ...question, stage: question.stage + 1 }, question.phase.wakeAt);
    if (wakeAt <= question.phase.wakeAt || (wakeAt > step.now && question.phase.wakeAt >= tried)) return;
    question.stage++;
    question.phase = { t: 'dormant', wakeAt };
    step.touched.add(question.id);
  }
}

/** Of the sleep that begins now, at the stage that it has. */
function endOfSleep({ state }: Step, question: Question, from: EpochMs): EpochMs {
  const sleptMs = sleepMs(policyOf(state), question.stage);
  const lasts = sleptMs < SPREAD_FROM_MS ? sleptMs : sleptMs * (1 + SPREAD * drawn(question));
  return epochMs(Math.min(Math.round(from + lasts), question.expiresAt));
}

/**
 * One that was handed over asleep: beacons tell it of arrivals, unless they were lost on the way, so that a try follows. Not of all at
 * once: a cell that is split may have thousands.
 */
export function wakeSoon(step: Step, question: Question): void {
  if (question.phase.t !== 'dormant') return;
  const soon = epochMs(Math.round(step.now + SOON_MS * drawn(question)));
  if (question.phase.wakeAt > soon) question.phase = { t: 'dormant', wakeAt: soon };
}

/** Another number in [0, 1) for each sleep of each question, the same whenever the step is run. */
export const drawn = ({ id, stage }: Pick<Question, 'id' | 'stage'>): number => hash32(`${id} ${stage}`) / 2 ** 32;

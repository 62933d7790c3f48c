// A question on its way to another cell: its row with every time counted from now, as clocks are nobody else's business. Only when it
// was answered stays as its asker and its answerer were told: nothing is decided by it.
import { type EpochMs, epochMs } from '../../lib/brand.ts';
import type { Phase, Question } from '../tables/questions.ts';
import { decodeQuestion, encodeQuestion } from '../tables/questions.ts';

export const pack = (question: Question, now: EpochMs): string => encodeQuestion(shifted(question, -now));

/** @throws Error for a row of an unknown version: it is sent again until both cells run the same code. */
export const unpack = (text: string, now: EpochMs): Question => shifted(decodeQuestion(text), now);

function shifted(question: Question, ms: number): Question {
  const at = (time: EpochMs): EpochMs => epochMs(time + ms);
  const maybe = (time: EpochMs | undefined): EpochMs | undefined => (time === undefined ? undefined : at(time));
  return {
    ...question,
    createdAt: at(question.createdAt),
    expiresAt: at(question.expiresAt),
    phase: shiftedPhase(question.phase, at),
    offers: question.offers.map((offer) => ({
      ...offer,
      triedAt: at(offer.triedAt),
      madeAt: maybe(offer.madeAt),
      until: at(offer.until),
    })),
  };
}

function shiftedPhase(phase: Phase, at: (time: EpochMs) => EpochMs): Phase {
  switch (phase.t) {
    case 'open':
      return { t: 'open', retryAt: phase.retryAt === undefined ? undefined : at(phase.retryAt) };
    case 'dormant':
      return { t: 'dormant', wakeAt: at(phase.wakeAt) };
    case 'matched':
      return phase;
    default:
      return { t: phase.t, endedAt: at(phase.endedAt) };
  }
}

// A question on its way to another cell: its row with every time counted from now, as clocks are nobody else's business. Only when it
// was answered stays as its asker and its answerer were told: nothing is decided by it.
import { type EpochMs, epochMs } from '../../lib/brand.ts';
import { offerBy } from '../tables/offers.ts';
import { decodeQuestion, encodeQuestion, phaseBy, type Question } from '../tables/questions.ts';

export const pack = (question: Question, now: EpochMs): string => encodeQuestion(shifted(question, -now));

/** @throws Error for a row of an unknown version: it is sent again until both cells run the same code. */
export const unpack = (text: string, now: EpochMs): Question => shifted(decodeQuestion(text), now);

function shifted(question: Question, ms: number): Question {
  const at = (time: EpochMs): EpochMs => epochMs(time + ms);
  return {
    ...question,
    createdAt: at(question.createdAt),
    expiresAt: at(question.expiresAt),
    phase: phaseBy(at, question.phase),
    offers: question.offers.map((offer) => offerBy(at, offer)),
  };
}

// What is true of each call, a line each: a call that is forgotten here does not compile.
import { type OfferId, type QuestionId, questionOf } from '../protocol/ids.ts';
import type { CellCallName, CellCalls, CellRequest, UserCallName, UserCalls, UserRequest } from './calls.ts';
import type { MapRequest } from './resharding.ts';

type About<Ask> = (ask: Ask) => QuestionId | undefined;

type CellCallTraits<Ask> = {
  /** The question that it is about: it tells who has to answer, and on whose account the work is done. */
  readonly about: About<Ask>;
  /** Who may answer: nobody but the owner of that question, any leaf (people come to it), or whoever hears it. */
  readonly answeredBy: 'owner' | 'leaf' | 'anybody';
  /**
   * Of calls in flight to one cell from an isolate, above which it is refused: some hundred are half a second of what an object carries.
   * In the order in which a cell itself refuses; what has no number is never refused, nor counted.
   */
  readonly shedAbove?: number;
  /** Refused by a cell that is over its limits: what brings new work first, then what ends some. */
  readonly refusedAs?: 'ask' | 'offer';
  /** Nobody waits for it: calls of users are counted without it. */
  readonly background?: true;
  /** What lies around the cell is no matter to it: it names the version of the cell alone. */
  readonly ofItself?: true;
};

const none = (): undefined => undefined;
const ofOffer = ({ offerId }: { readonly offerId: OfferId }): QuestionId => questionOf(offerId);
const byId = ({ id }: { readonly id: QuestionId }): QuestionId => id;
const byQuestionId = ({ questionId }: { readonly questionId: QuestionId }): QuestionId => questionId;
const firstOf = ({ events }: CellCalls['push']['ask']): QuestionId | undefined => {
  const data = events[0]?.data;
  return data === undefined ? undefined : 'question' in data ? data.question.id : data.questionId;
};

export const CELL_CALLS = {
  presence: { about: none, answeredBy: 'leaf', shedAbove: 128 },
  enter: { about: none, answeredBy: 'leaf' },
  ask: { about: ({ question }) => question.id, answeredBy: 'owner', shedAbove: 256, refusedAs: 'ask' },
  patch: { about: byId, answeredBy: 'owner', shedAbove: 256, refusedAs: 'ask' },
  question: { about: byId, answeredBy: 'owner' },
  cancel: { about: byId, answeredBy: 'owner' },
  accept: { about: ofOffer, answeredBy: 'owner', shedAbove: 512, refusedAs: 'offer' },
  decline: { about: ofOffer, answeredBy: 'owner', shedAbove: 512, refusedAs: 'offer' },
  answer: { about: ofOffer, answeredBy: 'owner', shedAbove: 512, refusedAs: 'offer' },
  nudge: { about: byQuestionId, answeredBy: 'owner' },
  state: { about: ofOffer, answeredBy: 'owner' },
  absent: { about: ofOffer, answeredBy: 'owner' },
  scout: {
    about: ({ need }) => need.questionId,
    answeredBy: 'anybody',
    shedAbove: 64,
    background: true,
    ofItself: true,
  },
  reserve: { about: ofOffer, answeredBy: 'anybody' },
  release: { about: ofOffer, answeredBy: 'anybody' },
  dropBeacon: { about: byQuestionId, answeredBy: 'anybody' },
  push: { about: firstOf, answeredBy: 'anybody' },
  deliver: { about: byQuestionId, answeredBy: 'anybody' },
  events: { about: none, answeredBy: 'anybody' },
  ack: { about: none, answeredBy: 'anybody' },
  questions: { about: none, answeredBy: 'anybody' },
  offers: { about: none, answeredBy: 'anybody' },
  recall: { about: none, answeredBy: 'anybody' },
  forget: { about: none, answeredBy: 'anybody' },
  load: { about: none, answeredBy: 'anybody' },
  dissolve: { about: none, answeredBy: 'anybody' },
  split: { about: none, answeredBy: 'anybody' },
  merge: { about: none, answeredBy: 'anybody' },
  init: { about: none, answeredBy: 'anybody' },
  ready: { about: none, answeredBy: 'anybody' },
  retire: { about: none, answeredBy: 'anybody' },
  adopt: { about: none, answeredBy: 'anybody' },
  take: { about: none, answeredBy: 'anybody' },
  filled: { about: none, answeredBy: 'anybody' },
  handed: { about: none, answeredBy: 'anybody' },
} as const satisfies { readonly [K in CellCallName]: CellCallTraits<CellCalls[K]['ask']> };

export const USER_CALLS = {
  claim: { about: none },
  deliver: { about: byQuestionId },
  returnRecord: { about: none },
  leave: { about: none },
  where: { about: none },
  missing: { about: none },
  events: { about: none },
  ack: { about: none },
  questions: { about: none },
  offers: { about: none },
} as const satisfies { readonly [K in UserCallName]: { readonly about: About<UserCalls[K]['ask']> } };

const MAP_CALLS = {
  swap: { about: none },
  rows: { about: none },
} as const satisfies { readonly [K in MapRequest['t']]: { readonly about: typeof none } };

const CALLS: Readonly<Record<string, { readonly about: About<never> }>> = {
  ...CELL_CALLS,
  ...USER_CALLS,
  ...MAP_CALLS,
};

/** The question that a call is about, if it is about one. */
export function questionIn(request: CellRequest | UserRequest | MapRequest): QuestionId | undefined {
  // A call that nobody knows is about nothing that anybody knows.
  return CALLS[request.t]?.about(request as never);
}

/** What is true of a call to a cell. One that this code does not know, of a newer isolate, is answered so by the cell. */
export const traitsOf = (t: CellCallName): CellCallTraits<never> => CELL_CALLS[t] ?? UNKNOWN;

const UNKNOWN: CellCallTraits<never> = { about: none, answeredBy: 'anybody' };

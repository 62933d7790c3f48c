// Which question a call is about: it tells who has to answer, and on whose account the work is done.

import { type QuestionId, questionOf } from '../protocol/ids.ts';
import type { CellRequest, UserRequest } from './calls.ts';
import type { MapRequest } from './resharding.ts';

/** Undefined for calls that are about none; of a `push`, which may be about several, the first. */
export function questionIn(request: CellRequest | UserRequest | MapRequest): QuestionId | undefined {
  switch (request.t) {
    case 'ask':
      return request.question.id;
    case 'question':
    case 'patch':
    case 'cancel':
      return request.id;
    case 'scout':
      return request.need.questionId;
    case 'deliver':
    case 'nudge':
    case 'dropBeacon':
      return request.questionId;
    case 'accept':
    case 'decline':
    case 'answer':
    case 'reserve':
    case 'release':
    case 'state':
    case 'absent':
      return questionOf(request.offerId);
    case 'push': {
      const offer = request.offers[0]?.id;
      const data = request.events[0]?.data;
      if (offer !== undefined) return questionOf(offer);
      return data === undefined ? undefined : 'question' in data ? data.question.id : data.questionId;
    }
    default:
      return undefined;
  }
}

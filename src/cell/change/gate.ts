// Who is turned away while a cell is no leaf, or has not got all of its questions yet: `moved` names where to go, `pending` asks
// to come again.
import type { OfferId, QuestionId } from '../../protocol/ids.ts';
import { questionOf } from '../../protocol/ids.ts';
import type { CellReply, CellRequest } from '../../protocol/messages.ts';
import type { CellState } from '../state.ts';

const PENDING_MS = 150;

/** What to answer instead, or `undefined`: the request is for this cell. `socket`: it came over the user's socket here. */
export function turnedAway(state: CellState, request: CellRequest, socket: boolean): CellReply | undefined {
  const { phase } = state.life;
  switch (phase.t) {
    case 'leaf':
    case 'splitting':
      return undefined;
    case 'filling': {
      const id = questionIn(request);
      return id === undefined || state.questions.has(id) ? undefined : { t: 'pending', retryMs: PENDING_MS };
    }
    case 'merging':
      return isForLeaf(request) ? { t: 'pending', retryMs: PENDING_MS } : undefined;
    case 'handing': {
      // Whoever is held here stays matchable until a successor has claimed them.
      const coming = request.t === 'enter' || (request.t === 'presence' && socket);
      const stays = coming && state.users.get(request.user)?.phase === 'live';
      return isForLeaf(request) && !stays ? { t: 'moved', to: phase.to } : undefined;
    }
  }
}

/** The question that a request is about, if only its owner can say anything of it. */
function questionIn(request: CellRequest): QuestionId | undefined {
  switch (request.t) {
    case 'ask':
      return request.question.id;
    case 'question':
    case 'patch':
    case 'cancel':
      return request.id;
    case 'nudge':
      return request.questionId;
    case 'accept':
    case 'decline':
    case 'answer':
    case 'state':
    case 'absent':
      return questionOf(request.offerId as OfferId);
    default:
      return undefined;
  }
}

function isForLeaf(request: CellRequest): boolean {
  return request.t === 'presence' || request.t === 'enter' || questionIn(request) !== undefined;
}

// Who is turned away while a cell is not a leaf, or has not got all of its questions yet: `moved` names where to go, `pending` asks
// to come again.
import { questionIn, traitsOf } from '../../messages/call-table.ts';
import type { CellReply, CellRequest } from '../../messages/calls.ts';
import type { CellState } from '../state.ts';

const PENDING_MS = 150;

/** What to answer instead, or `undefined`: the request is for this cell. `socket`: it came over the user's socket here. */
export function turnedAway(state: CellState, request: CellRequest, socket: boolean): CellReply | undefined {
  const { phase } = state.role;
  switch (phase.t) {
    case 'leaf':
    case 'splitting':
      return undefined;
    case 'filling': {
      const id = traitsOf(request.t).answeredBy === 'owner' ? questionIn(request) : undefined;
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

const isForLeaf = (request: CellRequest): boolean => traitsOf(request.t).answeredBy !== 'anybody';

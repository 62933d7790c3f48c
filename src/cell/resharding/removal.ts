// A cell of a city that goes: it takes no new question, decides those it has, and when the city is gone sends its people away.
import type { CellReply, CellRequest } from '../../messages/calls.ts';
import { problem } from '../../protocol/problems.ts';
import type { CellState } from '../state.ts';
import type { Waiting } from '../tables/claims.ts';
import { hasEnded } from '../tables/questions.ts';
import type { Tx } from '../tx.ts';
import { endArriving } from '../users/arriving.ts';
import { lapse } from '../users/presence.ts';
import { sendAway } from '../users/sockets.ts';

/** Until then the edge has heard of it too. */
const AWAY = { reason: 'removed', waitMs: 30_000 } as const;

/**
 * What is answered in place of what only a city that stays takes; `undefined`: the request is taken. Presence is taken until the
 * city is gone, as questions here and in cells around still look for people. A cell that is gone does not know whether its
 * city has come back since: `unborn` has the caller ask the map.
 */
export function refusedByRemoval(tx: Tx, request: CellRequest, { socket }: Waiting): CellReply | undefined {
  const { state } = tx;
  if (state.birth?.draining !== true && state.birth?.removed !== true) return undefined;
  // A question that is known was asked before: its asker may ask for it again.
  if (request.t === 'ask' && !state.questions.has(request.question.id)) {
    return state.birth.removed === true ? { t: 'unborn' } : problem('out_of_coverage', 'the city is being removed');
  }
  const comes = request.t === 'presence' || request.t === 'enter';
  if (!comes || state.birth.removed !== true) return undefined;
  if (socket) sendAway(tx, request.user, AWAY);
  return { t: 'unborn' };
}

/** The city is gone as of `version`: nobody is matchable here any more, and everybody is told. */
export function dissolve(tx: Tx, version: number): void {
  const { state } = tx;
  const { birth } = state;
  if (birth === undefined || birth.version >= version) return;
  state.birth = { ...birth, version, draining: true, removed: true };
  tx.born = true;
  for (const user of [...state.sockets.keys()]) sendAway(tx, user, AWAY);
  for (const user of [...state.arriving.keys()]) endArriving(tx, user, problem('out_of_coverage'));
  for (const held of [...state.users.values()]) {
    if (held.phase !== 'live') continue;
    held.leaseUntil = tx.now;
    lapse(tx, held);
  }
}

/** Questions that have not ended, and in how many ms the last of them ends at the latest. */
export function stillOpen(state: CellState, now: number): { readonly open: number; readonly endsInMs: number } {
  let open = 0;
  let endsInMs = 0;
  for (const { phase, expiresAt } of state.questions.present()) {
    if (hasEnded(phase)) continue;
    open++;
    endsInMs = Math.max(endsInMs, expiresAt - now);
  }
  return { open, endsInMs };
}

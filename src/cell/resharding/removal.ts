// A cell of a city that goes: it takes no new question, decides those it has, and when the city is gone sends its people away.
import type { CellReply, CellRequest } from '../../messages/calls.ts';
import { problem } from '../../protocol/problems.ts';
import type { CellState } from '../state.ts';
import type { Waiting } from '../tables/claims.ts';
import { hasEnded } from '../tables/questions.ts';
import { endClaim } from '../users/pending-claims.ts';
import { lapse } from '../users/presence.ts';
import { returnLapsed } from '../users/returning.ts';
import { sendAway } from '../users/sockets.ts';
import type { Step } from '../workspace.ts';

/** Until then the edge has heard of it too. */
const AWAY = { reason: 'removed', waitMs: 30_000 } as const;

/**
 * What is answered in place of what only a city that stays takes; `undefined`: the request is taken. Presence is taken until the
 * city is gone, as questions here and in cells around still look for people. A cell that is gone does not know whether its
 * city has come back since: `uninitialised` has the caller ask the map.
 */
export function refusedByRemoval(step: Step, request: CellRequest, { socket }: Waiting): CellReply | undefined {
  const { state } = step;
  if (state.mapRow.draining !== true && state.mapRow.removed !== true) return undefined;
  // A question that is known was asked before: its asker may ask for it again.
  if (request.t === 'ask' && !state.questions.has(request.question.id)) {
    return state.mapRow.removed === true
      ? { t: 'uninitialised' }
      : problem('out_of_coverage', 'the city is being removed');
  }
  const comes = request.t === 'presence' || request.t === 'enter';
  if (!comes || state.mapRow.removed !== true) return undefined;
  if (socket) sendAway(step, request.user, AWAY);
  return { t: 'uninitialised' };
}

/** The city is gone as of `version`: nobody is matchable here any more, and everybody is told. */
export function dissolve(step: Step, version: number): void {
  const { state } = step;
  const { mapRow } = state;
  if (mapRow.version >= version) return;
  state.mapRow = { ...mapRow, version, draining: true, removed: true };
  step.mapRowChanged = true;
  for (const user of [...state.sockets.keys()]) sendAway(step, user, AWAY);
  for (const user of [...state.claims.keys()]) endClaim(step, user, problem('out_of_coverage'));
  for (const resident of [...state.users.values()]) {
    if (resident.phase !== 'live') continue;
    resident.leaseUntil = step.now;
    lapse(step, resident);
  }
  returnLapsed(step);
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

// Leaving: whatever is on its way for the user is older than the leave, and the record comes home before anybody is told that it is done.
import type { UserRequest } from '../messages/calls.ts';
import { compare, nextOrder, note } from './order.ts';
import { refuseClaims, sendRecall } from './recalls.ts';
import { metaOf, reply, type Step } from './workspace.ts';

type Leave = Extract<UserRequest, { readonly t: 'leave' }>;

/** The user leaves. Answered once no cell holds them any more, or by `busy`: then the client asks again, under the same number. */
export function leave(step: Step, { user, session, seq }: Leave, token: number): void {
  const { state } = step;
  const sent = { session, seq };
  // Nothing is kept for who has nothing, but that a ping on its way is older than this.
  if (state.meta === undefined && seq === undefined) {
    reply(step, token, { t: 'done' });
    return;
  }
  const meta = metaOf(step, user);
  if ((compare(sent, meta) ?? 0) < 0) {
    // Overtaken by a newer ping: they are back already.
    reply(step, token, { t: 'done' });
    return;
  }
  const order = nextOrder(step, meta);
  note(step, meta, sent);
  meta.left = { at: step.now, session, seq };
  refuseClaims(step);
  if (meta.holding.t === 'free') {
    reply(step, token, { t: 'done' });
    return;
  }
  meta.holding = { t: 'leaving', cell: meta.holding.cell, order };
  state.leavers.push(token);
  sendRecall(step);
}

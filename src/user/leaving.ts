// Leaving: whatever is on its way for the user is older than the leave, and the record comes home before anybody is told that it is done.
import type { UserRequest } from '../messages/calls.ts';
import { compare, nextOrder, note } from './order.ts';
import { sendRecall } from './recalls.ts';
import { metaOf, reply, type Tx } from './tx.ts';

type Leave = Extract<UserRequest, { readonly t: 'leave' }>;

/** The user leaves. Answered once no cell holds them any more, or by `busy`: then the client asks again, under the same number. */
export function leave(tx: Tx, { user, session, seq }: Leave, token: number): void {
  const { state } = tx;
  const sent = { session, seq };
  // Nothing is kept for who has nothing, but that a ping on its way is older than this.
  if (state.meta === undefined && seq === undefined) {
    reply(tx, token, { t: 'done' });
    return;
  }
  const meta = metaOf(tx, user);
  if ((compare(sent, meta) ?? 0) < 0) {
    // Overtaken by a newer ping: they are back already.
    reply(tx, token, { t: 'done' });
    return;
  }
  const order = nextOrder(tx, meta);
  note(tx, meta, sent);
  meta.left = { at: tx.now, ...(session === undefined ? {} : { session }), ...(seq === undefined ? {} : { seq }) };
  for (const waiting of state.claims.splice(0)) reply(tx, waiting.token, { t: 'refused' });
  if (meta.holding.t === 'free') {
    reply(tx, token, { t: 'done' });
    return;
  }
  meta.holding = { t: 'leaving', cell: meta.holding.cell, order };
  state.leavers.push(token);
  sendRecall(tx);
}

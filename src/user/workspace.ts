// One step's bookkeeping of a UserObject.

import { arm } from '../engine/alarm.ts';
import { type Effects, noEffects } from '../engine/effects.ts';
import { present } from '../lib/assert.ts';
import type { EpochMs } from '../lib/brand.ts';
import type { Address, CellRequest, UserReply } from '../messages/calls.ts';
import type { QuestionId, UserId } from '../protocol/ids.ts';
import { encodeEvent, encodeKnown, encodeMeta } from './codec.ts';
import type { Meta, UserState } from './state.ts';

export type Step = {
  readonly state: UserState;
  readonly now: EpochMs;
  readonly effects: Effects;
  meta: boolean;
  readonly known: Set<QuestionId>;
  readonly inbox: Set<number>;
};

export const begin = (state: UserState, now: EpochMs): Step => ({
  state,
  now,
  effects: noEffects(),
  meta: false,
  known: new Set(),
  inbox: new Set(),
});

/** The user's record of who they are here, made at the first need. */
export function metaOf(step: Step, user: UserId): Meta {
  const { state } = step;
  state.meta ??= {
    user,
    pseudonym: state.pseudonym,
    epoch: 0,
    holding: { t: 'free' },
    record: null,
    session: undefined,
    seq: undefined,
    order: 0,
    lastSeq: 0,
  };
  return state.meta;
}

export function reply(step: Step, token: number, value: UserReply): void {
  step.effects.replies.push({ token, value });
}

export function call(step: Step, address: Address, request: CellRequest, timeoutMs: number): number {
  const id = step.state.nextCall++;
  step.state.calls.add(id);
  step.effects.sends.push({ call: id, address, request, timeoutMs });
  return id;
}

/** Rows of what changed, and the alarm: moved earlier only, but set to the true minimum in its own handler. */
export function finish(step: Step, inAlarm: boolean): Effects {
  const { state, effects } = step;
  if (step.meta) effects.rows.push({ table: 'meta', key: 'meta', value: encodeMeta(present(state.meta, 'meta')) });
  for (const id of step.known) {
    const known = state.known.get(id);
    effects.rows.push({ table: 'known', key: id, value: known === undefined ? null : encodeKnown(known) });
  }
  for (const seq of step.inbox) {
    const event = state.inbox.get(seq);
    effects.rows.push({ table: 'inbox', key: String(seq), value: event === undefined ? null : encodeEvent(event) });
  }
  arm(state, effects, nextDue(state), step.now, inAlarm);
  return effects;
}

/** Purging is coarse: one alarm for all that a day lets go. */
function nextDue({ push: { retryAt }, purgeAt }: UserState): EpochMs | undefined {
  return retryAt === undefined || (purgeAt !== undefined && purgeAt < retryAt) ? purgeAt : retryAt;
}

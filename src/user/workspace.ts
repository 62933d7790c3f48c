// One step's bookkeeping of a UserObject.

import { arm } from '../engine/alarm.ts';
import { type Effects, noEffects } from '../engine/effects.ts';
import { present } from '../lib/assert.ts';
import type { EpochMs } from '../lib/brand.ts';
import type { Address, CellRequest, UserReply } from '../messages/calls.ts';
import type { UserId } from '../protocol/ids.ts';
import { encodeMeta } from './codec.ts';
import type { Meta, UserState } from './state.ts';

export type Step = {
  readonly state: UserState;
  readonly now: EpochMs;
  readonly effects: Effects;
  /** Its row is to be written. */
  meta: boolean;
};

export const begin = (state: UserState, now: EpochMs): Step => ({
  state,
  now,
  effects: noEffects(),
  meta: false,
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

/** The row, if it changed, and the alarm: moved earlier only, but set to the true minimum in its own handler. */
export function finish(step: Step, inAlarm: boolean): Effects {
  const { state, effects } = step;
  if (step.meta) {
    effects.rows.push({ table: 'meta', key: 'meta', value: encodeMeta(present(state.meta, 'meta'), state.inbox) });
    for (const { table, key } of state.former.splice(0)) effects.rows.push({ table, key, value: null });
  }
  // Purging is coarse: one alarm for all that a day lets go, where the record lies.
  arm(state, effects, isHome(state) ? state.inbox.purgeAt : undefined, step.now, inAlarm);
  return effects;
}

/** Nobody holds the user: the record lies here, and here alone. */
export const isHome = ({ meta }: UserState): boolean =>
  meta === undefined || meta.holding.t === 'free' || meta.apart === true;

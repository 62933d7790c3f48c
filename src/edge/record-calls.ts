// Calls for whoever has a user's record: the cell that holds them, or their UserObject.
import { RecordRoute } from '../engine/record-route.ts';
import type { RecordCalls, UserRequest } from '../messages/calls.ts';
import type { CellId, UserId } from '../protocol/ids.ts';
import type { Problem } from '../protocol/problems.ts';
import type { Router } from './router.ts';

type RecordRequest = Extract<UserRequest, { readonly t: keyof RecordCalls }>;

/** @param guess the cell that is thought to hold the user */
export async function callRecord<K extends keyof RecordCalls>(
  router: Pick<Router, 'callUser' | 'callCell' | 'pause' | 'random'>,
  request: { readonly t: K; readonly user: UserId } & RecordCalls[K]['ask'],
  trace?: string,
  guess?: CellId,
): Promise<RecordCalls[K]['reply'] | Problem> {
  const { user } = request;
  const route = new RecordRoute(guess, router.random);
  const ask = request as unknown as RecordRequest;
  for (let move = route.start(); ; ) {
    switch (move.t) {
      case 'user':
        move = route.replied(await router.callUser(user, ask, trace));
        break;
      case 'cell': {
        const named = move.epoch === undefined ? ask : { ...ask, epoch: move.epoch };
        move = route.replied(await router.callCell({ cell: move.cell }, named, trace));
        break;
      }
      case 'report':
        await router.callUser(user, { t: 'missing', user, cell: move.cell, epoch: move.epoch }, trace);
        move = route.reported();
        break;
      case 'wait':
        await router.pause(move.ms);
        move = route.waited();
        break;
      case 'done':
        return move.reply as RecordCalls[K]['reply'] | Problem;
    }
  }
}

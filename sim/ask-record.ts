// A simulated isolate asks whoever has a user's record, through the shipping steps.
import { RecordRoute } from '../src/engine/record-route.ts';
import type { RecordCalls, UserRequest } from '../src/messages/calls.ts';
import type { CellId } from '../src/protocol/ids.ts';
import type { Edge } from './edge.ts';
import type { AnyReply } from './node.ts';
import type { World } from './world.ts';

export type RecordRequest = Extract<UserRequest, { readonly t: keyof RecordCalls }>;

/** `done` hears the answer, or `failed` when there is none in time. @param guess the cell that the client named */
export function askRecord(
  world: World,
  edge: Edge,
  request: RecordRequest,
  timeoutMs: number,
  done: (reply: AnyReply) => void,
  guess?: CellId,
): void {
  const until = world.now + timeoutMs;
  const user = world.user(request.user);
  const route = new RecordRoute(guess, world.random);
  const go = (move: ReturnType<RecordRoute['start']>): void => {
    if (move.t === 'done') {
      done(move.reply);
      return;
    }
    const leftMs = until - world.now;
    const heard = (reply: AnyReply): void => go(route.replied(reply as Parameters<RecordRoute['replied']>[0]));
    if (leftMs <= 0) done({ t: 'failed' });
    else if (move.t === 'user') world.request(user, request, leftMs, heard);
    else if (move.t === 'cell') {
      const named = move.epoch === undefined ? request : { ...request, epoch: move.epoch };
      edge.callCell(move.cell, named, leftMs, heard);
    } else if (move.t === 'report') {
      const { cell, epoch } = move;
      world.request(user, { t: 'missing', user: request.user, cell, epoch }, leftMs, () => go(route.reported()));
    } else world.after(Math.min(move.ms, leftMs), () => go(route.waited()));
  };
  go(route.start());
}

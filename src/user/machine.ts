// The UserObject as a machine: what runs it needs to know no more.
import type { Machine } from '../engine/machine.ts';
import type { CellReply } from '../messages/calls.ts';
import { loadUser, USER_TABLES } from './codec.ts';
import type { UserState } from './state.ts';
import { stepUser, type UserEventIn } from './step.ts';

export const userMachine: Machine<UserState, UserEventIn> = {
  kind: 'user',
  tables: USER_TABLES,
  load: loadUser,
  step: stepUser,
  onReply: (call, reply) => ({ t: 'reply', call, reply: reply as CellReply }),
};

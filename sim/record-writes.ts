// Users' records as they are written, wherever they lie: the inbox of each write that counts, and who is custodian by it.
import type { UserId } from '../src/protocol/ids.ts';
import type { Inbox } from '../src/record/inbox.ts';
import { isHome } from '../src/user/workspace.ts';
import type { Node } from './node.ts';

export type RecordWrite = { readonly user: UserId; readonly inbox: Inbox; readonly place: string };

/** Follows one run. A row that was frozen before is a copy, and so is what a UserObject keeps while a cell holds the user. */
export function recordWrites(): (
  node: Node,
  rows: readonly { readonly table: string; readonly key: string }[],
) => readonly RecordWrite[] {
  const frozen = new Map<string, number>();
  return (node, rows) => {
    const writes: RecordWrite[] = [];
    for (const { table, key } of rows) {
      if (node.state === undefined) break;
      if (node.kind === 'user') {
        if (table === 'meta' && isHome(node.state))
          writes.push({ user: node.id, inbox: node.state.inbox, place: 'home' });
        continue;
      }
      if (table !== 'users') continue;
      const resident = node.state.users.get(key as UserId);
      const name = `${node.id} ${key}`;
      const wasFrozen = resident !== undefined && frozen.get(name) === resident.epoch;
      if (resident?.phase === 'frozen') frozen.set(name, resident.epoch);
      else frozen.delete(name);
      if (resident?.inbox !== undefined && !wasFrozen)
        writes.push({ user: resident.user, inbox: resident.inbox, place: node.id });
    }
    return writes;
  };
}

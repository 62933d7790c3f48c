// PROF1, PROF2, LEAVE1: what users say of themselves holds, wherever they are held; nobody is matchable who has left, or who has never
// said a word.
import type { UserId } from '../../src/protocol/ids.ts';
import type { Profile } from '../../src/protocol/profile.ts';
import type { CellNode } from '../node.ts';
import type { MakeChecker } from './checker.ts';

/** Claims of pings without numbers, of which nobody had heard, have come to an end by then. */
const FORGOTTEN_MS = 60_000;

export const ownWordChecker: MakeChecker = ({ world, ledger, report }) => {
  const looked = new WeakSet<object>();
  let wellSince: number | undefined;
  const isCalm = (): boolean => wellSince !== undefined && world.now >= wellSince + FORGOTTEN_MS;
  const look = (node: CellNode, user: UserId): void => {
    const resident = node.state?.users.get(user);
    if (resident?.phase !== 'live') return;
    const left = ledger.left.get(user);
    if (left !== undefined && (left.numbered || isCalm()))
      report('LEAVE1', `${user} has left and is live in ${node.id}, by ping ${resident.session} ${resident.seq}`);
    if (!ledger.spoken.has(user)) report('PROF2', `${user} has never said a word and is live in ${node.id}`);
    const words = ledger.words.get(user);
    if (words !== undefined && isCalm() && !isSame(words.profile, resident.profile))
      report(
        'PROF1',
        `${user} is ${JSON.stringify(resident.profile)} in ${node.id}, and said ${JSON.stringify(words.profile)}`,
      );
  };
  const lookEverywhere = (user: UserId): void => {
    for (const node of world.cells.values()) look(node, user);
  };
  return {
    committed: (node, { rows }) => {
      // What was just acknowledged holds everywhere.
      for (const news of [ledger.left, ledger.words]) {
        for (const [user, entry] of news) {
          if (looked.has(entry)) continue;
          looked.add(entry);
          lookEverywhere(user);
        }
      }
      if (node.kind !== 'cell') return;
      for (const { table, key } of rows) if (table === 'users') look(node, key as UserId);
    },
    healed: () => {
      // What was said to a cell that has lost its disk lay there alone.
      if (wellSince === undefined) for (const user of ledger.lost.users) ledger.words.delete(user);
      wellSince ??= world.now;
      for (const user of ledger.words.keys()) lookEverywhere(user);
    },
  };
};

const isSame = (a: Profile, b: Profile): boolean =>
  a.capacity === b.capacity && a.topics.join() === b.topics.join() && a.languages.join() === b.languages.join();

// CLAIM6, once all is well: whoever sends one ping after the other is never told that a newer one has overtaken it, and is held
// where the last one was acknowledged.
import type { MakeChecker } from './checker.ts';

/** Claims of which only the repetition was heard came from before: the leases that they were made for have run out by then. */
const FORGOTTEN_MS = 60_000;
/** The dwell, a claim and a recall, over the slowest network. */
const SETTLED_MS = 9000;

export const claimChecker: MakeChecker = ({ world, ledger, report }) => {
  let wellSince: number | undefined;
  const isAlone = (user: string): boolean => [...ledger.seen.values()].filter((one) => one.user === user).length === 1;
  return {
    healed: () => {
      wellSince ??= world.now;
      if (world.now < wellSince + FORGOTTEN_MS) return;
      for (const [user, { cell, at }] of ledger.present) {
        if (world.now - at < SETTLED_MS || at < wellSince + FORGOTTEN_MS || !isAlone(user)) continue;
        for (const node of world.cells.values()) {
          if (node.state?.users.get(user)?.phase !== 'live') continue;
          // Divided or joined meanwhile.
          const isThere = node.id.startsWith(cell) || cell.startsWith(node.id);
          if (!isThere)
            report('CLAIM6', `${user} was acknowledged in ${cell} ${world.now - at} ms ago, and is in ${node.id}`);
        }
      }
    },
    ended: () => {
      for (const { user, sentAt } of ledger.overtaken) {
        // Another device of the user may have been faster.
        if (!isAlone(user) || wellSince === undefined || sentAt < wellSince + FORGOTTEN_MS) continue;
        report('CLAIM6', `${user} was told at ${sentAt - wellSince} ms that a newer ping had come, and had sent none`);
      }
    },
  };
};

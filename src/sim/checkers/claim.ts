// CLAIM6: once all is well, whoever sends one ping after the other is never told that a newer one has overtaken it.
import type { MakeChecker } from './checker.ts';

/** Claims of which only the repetition was heard came from before: the leases that they were made for have run out by then. */
const FORGOTTEN_MS = 60_000;

export const claimChecker: MakeChecker = ({ world, ledger, report }) => {
  let wellSince: number | undefined;
  return {
    healed: () => {
      wellSince ??= world.now;
    },
    ended: () => {
      const devices = new Map<string, number>();
      for (const { user } of ledger.seen.values()) devices.set(user, (devices.get(user) ?? 0) + 1);
      for (const { user, sentAt } of ledger.overtaken) {
        // Another device of the user may have been faster.
        if (devices.get(user) !== 1 || wellSince === undefined || sentAt < wellSince + FORGOTTEN_MS) continue;
        report('CLAIM6', `${user} was told at ${sentAt - wellSince} ms that a newer ping had come, and had sent none`);
      }
    },
  };
};

// CLAIM6, once all is well: whoever sends one ping after the other is never told that a newer one has overtaken it, and is held by no
// older ping than the last that was acknowledged, nor seen farther from its point than the square may lag. At all times: what a recall was
// answered once it is answered always.
import { isNear } from '../../src/cell/users/veil.ts';
import type { MakeChecker } from './checker.ts';

/** Claims of which only the repetition was heard came from before: the leases that they were made for have run out by then. */
const FORGOTTEN_MS = 60_000;
/** The dwell, a claim and a recall, over the slowest network. */
const SETTLED_MS = 9000;

export const claimChecker: MakeChecker = ({ world, ledger, report }) => {
  let wellSince: number | undefined;
  const isAlone = (user: string): boolean => [...ledger.seen.values()].filter((one) => one.user === user).length === 1;
  /** Recalls that were answered `kept`. */
  const kept = new Set<string>();
  return {
    committed: (node, { replies, rows }, event) => {
      if (node.kind !== 'cell' || event.t !== 'request' || !('envelope' in event)) return;
      const { request } = event.envelope;
      if (request.t !== 'recall' || request.order === undefined) return;
      const name = `${request.user} of epoch ${request.epoch} in ${node.id}, for the claim ${request.order}`;
      const answer = replies.find(({ token }) => token === event.token)?.value as { readonly t: string } | undefined;
      if (answer?.t === 'kept') kept.add(name);
      const isGivenUp =
        answer?.t === 'record' && rows.some(({ table, key }) => table === 'users' && key === request.user);
      if (isGivenUp && kept.has(name)) report('CLAIM6', `${name}, was kept, and given up to a copy of that recall`);
    },
    healed: () => {
      wellSince ??= world.now;
      if (world.now < wellSince + FORGOTTEN_MS) return;
      for (const [user, { point, at, session, seq }] of ledger.present) {
        if (world.now - at < SETTLED_MS || at < wellSince + FORGOTTEN_MS || !isAlone(user)) continue;
        for (const node of world.cells.values()) {
          const resident = node.state?.users.get(user);
          if (resident?.phase !== 'live') continue;
          const isOlder = resident.session !== session || (resident.seq ?? 0) < seq;
          if (!isOlder && isNear(resident.point, point, world.map.policy.gridLength)) continue;
          report('CLAIM6', `${user} was acknowledged elsewhere ${world.now - at} ms ago than ${node.id} holds them`);
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

// AGE1, once all is well: what a record keeps as a duration ages wherever it lies. Whoever comes back has been idle since the same moment
// as before, and rests no longer than they would have.
import type { UserId } from '../../src/protocol/ids.ts';
import type { MakeChecker } from './checker.ts';

/** Claims, recalls and records of before have come to an end by then. */
const FORGOTTEN_MS = 60_000;
/** A record does not age on its way, twice. */
const ON_THE_WAY_MS = 8000;

type Known = { readonly epoch: number; readonly idleSince: number; readonly coolUntil: number };

export const ageChecker: MakeChecker = ({ world, report }) => {
  const known = new Map<UserId, Known>();
  let wellSince: number | undefined;
  /** Where clocks go wrong, a moment of one object is another one for the next. */
  const isCalm = (): boolean =>
    wellSince !== undefined && world.now > wellSince + FORGOTTEN_MS && world.faults.skewMs === 0;
  return {
    committed: (node, { rows }) => {
      if (node.kind !== 'cell') return;
      for (const { table, key } of rows) {
        const resident = table === 'users' ? node.state?.users.get(key as UserId) : undefined;
        if (resident === undefined) continue;
        const { user, epoch, idleSince, coolUntil } = resident;
        const before = known.get(user);
        if (before !== undefined && epoch < before.epoch) continue;
        known.set(user, { epoch, idleSince, coolUntil });
        if (before === undefined || epoch === before.epoch || !isCalm()) continue;
        const younger = idleSince - before.idleSince;
        // Who arrives may be asked in that very step.
        const isAsked = idleSince === node.state?.clock;
        if (younger > ON_THE_WAY_MS && !isAsked)
          report('AGE1', `${user} comes to ${node.id} with ${younger} ms less of idle time`);
        const longer = coolUntil - before.coolUntil;
        if (coolUntil > world.now && longer > ON_THE_WAY_MS)
          report('AGE1', `${user} comes to ${node.id} and rests ${longer} ms longer`);
      }
    },
    healed: () => {
      wellSince ??= world.now;
    },
  };
};

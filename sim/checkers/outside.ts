// What clients heard from outside and cannot both be true: noted by whoever heard it, told here.
import type { MakeChecker } from './checker.ts';

export const outsideChecker: MakeChecker = ({ ledger, report }) => ({
  ended: () => {
    const isLost = (what: string): boolean => [...ledger.lost.questions].some((id) => what.includes(id));
    for (const { rule, what } of ledger.contradictions) if (!isLost(what)) report(rule, what);
  },
});

// What clients heard from outside and cannot both be true: noted by whoever heard it, told here.
import type { MakeChecker } from './checker.ts';

export const outsideChecker: MakeChecker = ({ ledger, report }) => ({
  ended: () => {
    for (const { rule, what } of ledger.contradictions) report(rule, what);
  },
});

// What each cell has in memory agrees with itself, after every step that commits.
import { assertCell } from '../assert-cell.ts';
import type { MakeChecker } from './checker.ts';

export const stateChecker: MakeChecker = ({ report }) => ({
  committed: (node) => {
    if (node.kind !== 'cell' || node.state === undefined) return;
    for (const { rule, what } of assertCell(node.state)) report(rule, `${node.id}: ${what}`);
  },
});

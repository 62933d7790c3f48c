// The simulator's checkers over one sampled world.
import type { UserId } from '../../protocol/ids.ts';
import { alarmChecker } from '../checkers/alarm.ts';
import type { Checker, CheckerContext } from '../checkers/checker.ts';
import { filterChecker } from '../checkers/filters.ts';
import { inboxChecker } from '../checkers/inbox.ts';
import { journalChecker } from '../checkers/journal.ts';
import { keepChecker } from '../checkers/keep.ts';
import { liveChecker } from '../checkers/live.ts';
import { onceChecker } from '../checkers/once.ts';
import { oneChecker } from '../checkers/one.ts';
import { ownChecker } from '../checkers/own.ts';
import { privacyChecker } from '../checkers/privacy.ts';
import { wakeChecker } from '../checkers/wake.ts';

export function checkersOf(
  context: CheckerContext,
  capacityOf: (user: UserId) => number,
  present: ReadonlySet<UserId>,
): readonly Checker[] {
  return [
    ownChecker,
    keepChecker,
    inboxChecker,
    oneChecker(capacityOf),
    filterChecker,
    privacyChecker,
    journalChecker,
    alarmChecker,
    wakeChecker,
    onceChecker,
    liveChecker(() => [...present]),
  ].map((make) => make(context));
}

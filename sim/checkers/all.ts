// Every checker there is, in the order in which they see a commit: what any run of a world is watched by.
import type { UserId } from '../../src/protocol/ids.ts';
import { ageChecker } from './age.ts';
import { alarmChecker } from './alarm.ts';
import type { Checker, CheckerContext } from './checker.ts';
import { claimChecker } from './claim.ts';
import { filterChecker } from './filters.ts';
import { gateChecker } from './gate.ts';
import { goneChecker } from './gone.ts';
import { inboxChecker } from './inbox.ts';
import { journalChecker } from './journal.ts';
import { keepChecker } from './keep.ts';
import { listedChecker } from './listed.ts';
import { liveChecker } from './live.ts';
import { onceChecker } from './once.ts';
import { oneChecker } from './one.ts';
import { openChecker } from './open.ts';
import { outsideChecker } from './outside.ts';
import { ownChecker } from './own.ts';
import { ownWordChecker } from './own-word.ts';
import { privacyChecker } from './privacy.ts';
import { socketChecker } from './sockets.ts';
import { stateChecker } from './state.ts';
import { wakeChecker } from './wake.ts';

/** @param present whom the cells must hold just now */
export function checkersOf(
  context: CheckerContext,
  capacityOf: (user: UserId) => number,
  present: () => readonly UserId[],
): readonly Checker[] {
  return [
    ownChecker,
    claimChecker,
    ageChecker,
    ownWordChecker,
    keepChecker,
    inboxChecker,
    oneChecker(capacityOf),
    filterChecker,
    privacyChecker,
    journalChecker,
    alarmChecker,
    wakeChecker,
    listedChecker,
    onceChecker,
    openChecker,
    goneChecker,
    gateChecker,
    outsideChecker,
    socketChecker,
    stateChecker,
    liveChecker(present),
  ].map((make) => make(context));
}

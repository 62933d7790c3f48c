// LOAD7: an isolate that waits for one cell with so many calls sheds what may not wait behind them, and nothing else.
import type { MakeChecker } from './checker.ts';

/** As the rule says it; what is not here is never shed, nor counted. */
const MOST: Readonly<Record<string, number>> = {
  scout: 64,
  presence: 128,
  ask: 256,
  patch: 256,
  accept: 512,
  decline: 512,
  answer: 512,
};

export const gateChecker: MakeChecker = ({ report }) => {
  const waiting = new Map<object, Map<string, number>>();
  return {
    called: (isolate, cell, kind, what) => {
      const most = MOST[kind];
      if (most === undefined) {
        if (what === 'shed') report('LOAD7', `${kind} to ${cell} is shed`);
        return;
      }
      const cells = waiting.get(isolate) ?? new Map<string, number>();
      waiting.set(isolate, cells);
      const before = cells.get(cell) ?? 0;
      if (what === 'back') cells.set(cell, before - 1);
      if (what === 'sent') cells.set(cell, before + 1);
      if (what === 'sent' && before >= most)
        report('LOAD7', `${kind} is the call ${before + 1} that waits for ${cell}`);
      if (what === 'shed' && before < most)
        report('LOAD7', `${kind} to ${cell} is shed, and ${before} calls wait there`);
    },
  };
};

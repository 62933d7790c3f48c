// A rule that did not hold, and what looks for such.
import type { Evidence } from './evidence.ts';
import type { History } from './history.ts';

export type Violation = {
  readonly rule: string;
  readonly text: string;
  readonly kind?: 'lost' | 'doubleAccept' | 'duplicateEvent';
  /** Time may still fix it: something is late, not wrong. */
  readonly late?: true;
};

export type Check = (history: History, evidence: Evidence) => readonly Violation[];

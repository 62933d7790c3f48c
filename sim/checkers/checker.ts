// What every checker is: it sees each commit, is asked again when the world has been healed, and at the end.
import type { Effects } from '../../src/engine/effects.ts';
import type { Ledger } from '../ledger.ts';
import type { Node, NodeEvent } from '../node.ts';
import type { Observer } from '../runtime.ts';
import type { World } from '../world.ts';

export type Violation = { readonly rule: string; readonly what: string; readonly atMs: number };
export type Report = (rule: string, what: string) => void;

export type CheckerContext = { readonly world: World; readonly ledger: Ledger; readonly report: Report };

export type Checker = {
  /** After a commit, before anybody else learns of it: memory and disk are alike. */
  readonly committed?: (node: Node, effects: Effects, event: NodeEvent) => void;
  /** The disk of an object is about to be lost: nothing of it is promised any more, and nothing else is forgiven. */
  readonly lost?: (node: Node) => void;
  readonly cutOff?: NonNullable<Observer['cutOff']>;
  readonly pushed?: NonNullable<Observer['pushed']>;
  /** Of each call of an isolate to a cell that its gate lets through, or not. */
  readonly called?: NonNullable<Observer['called']>;
  /** Now and then, while faults strike. */
  readonly sampled?: () => void;
  /** Now and then, when faults have stopped for a while. */
  readonly healed?: () => void;
  /** Once everything has had the time to end, before anybody looks at it: what is left of it then is left for good. */
  readonly rested?: () => void;
  /** After that, when somebody has looked at every cell. */
  readonly ended?: () => void;
};

export type MakeChecker = (context: CheckerContext) => Checker;

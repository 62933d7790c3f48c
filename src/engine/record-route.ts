// The way of one call to whoever has a user's record: the cell that holds them, or their UserObject. Pure: whoever drives it makes the
// calls and waits. The edge and the simulated one take the same steps.
import type { CellReply, UserReply } from '../messages/calls.ts';
import type { CellId } from '../protocol/ids.ts';
import { busy } from '../protocol/problems.ts';

/** `failed`: the call was not answered in its time. */
type Heard = CellReply | UserReply | { readonly t: 'failed' };

export type RecordMove =
  | { readonly t: 'user' }
  /** `epoch`: at which it is said to hold the user; absent: a guess. */
  | { readonly t: 'cell'; readonly cell: CellId; readonly epoch?: number }
  /** Tells the UserObject that the cell has no such row. */
  | { readonly t: 'report'; readonly cell: CellId; readonly epoch: number }
  | { readonly t: 'wait'; readonly ms: number }
  | { readonly t: 'done'; readonly reply: Heard };

/** A record on its way from one cell to another is there within that time, unless a cell is silent. */
export const RECORD_PATIENCE_MS = 5000;
const AGAIN_MS = 150;

export class RecordRoute {
  readonly #patienceMs: number;
  readonly #random: () => number;
  #at: { readonly cell: CellId; readonly epoch?: number } | undefined;
  #waitedMs = 0;

  /**
   * @param guess the cell that is thought to hold the user
   * @param random 0 (included) to 1
   */
  constructor(guess: CellId | undefined, random: () => number, patienceMs = RECORD_PATIENCE_MS) {
    this.#at = guess === undefined ? undefined : { cell: guess };
    this.#random = random;
    this.#patienceMs = patienceMs;
  }

  start(): RecordMove {
    return this.#next();
  }

  /** After `user` and `cell`. */
  replied(reply: Heard): RecordMove {
    return this.#at === undefined ? this.#saidByUser(reply) : this.#saidByCell(this.#at, reply);
  }

  /** After `report`, whatever was answered. */
  reported(): RecordMove {
    return this.#wait(AGAIN_MS);
  }

  /** After `wait`. */
  waited(): RecordMove {
    return this.#next();
  }

  #saidByUser(reply: Heard): RecordMove {
    if (reply.t === 'pending') return this.#wait(reply.retryMs);
    if (reply.t !== 'elsewhere') return { t: 'done', reply };
    this.#at = { cell: reply.cell, epoch: reply.epoch };
    return this.#next();
  }

  #saidByCell({ cell, epoch }: { readonly cell: CellId; readonly epoch?: number }, reply: Heard): RecordMove {
    // A cell that was guessed at may be none any more; what one that was named says counts.
    const isNobody = reply.t === 'not_here' || (epoch === undefined && (reply.t === 'problem' || reply.t === 'moved'));
    if (!isNobody) return { t: 'done', reply };
    this.#at = undefined;
    if (epoch === undefined) return this.#next();
    return reply.t === 'not_here' && reply.missing ? { t: 'report', cell, epoch } : this.#wait(AGAIN_MS);
  }

  #wait(atLeastMs: number): RecordMove {
    if (this.#waitedMs >= this.#patienceMs)
      return { t: 'done', reply: { ...busy('your record is on its way'), retryAfterS: 1 } };
    const ms = atLeastMs * (0.75 + this.#random() / 2);
    this.#waitedMs += ms;
    return { t: 'wait', ms };
  }

  #next(): RecordMove {
    return this.#at === undefined ? { t: 'user' } : { t: 'cell', ...this.#at };
  }
}

// Sheds load before it queues: an isolate that already waits for one cell with many calls sends no more there, scouts of other cells
// least of all. Beside the platform's own refusal (an object that is overloaded), which comes late and on one machine not at all.
import { traitsOf } from '../messages/call-table.ts';
import type { CellRequest } from '../messages/calls.ts';
import { busy, type Problem } from '../protocol/problems.ts';

const RETRY_AFTER_S = 2;

/** What a call that was let through does when it has its answer, or none: once. */
export type Leave = () => void;

export class Gate {
  readonly #inFlight = new Map<string, number>();
  #ofUsers = 0;

  /** Calls of users that are on their way from here, to any cell. */
  get ofUsers(): number {
    return this.#ofUsers;
  }

  /** Lets a call to the cell through, or says `busy`. */
  enter(cell: string, kind: CellRequest['t']): Leave | Problem {
    const { shedAbove: max, background } = traitsOf(kind);
    if (max === undefined) return () => undefined;
    const before = this.#inFlight.get(cell) ?? 0;
    if (before >= max) return { ...busy('too many calls wait for this place'), retryAfterS: RETRY_AFTER_S };
    const isOfUser = background !== true;
    this.#inFlight.set(cell, before + 1);
    if (isOfUser) this.#ofUsers++;
    return () => {
      if (isOfUser) this.#ofUsers--;
      const left = (this.#inFlight.get(cell) ?? 1) - 1;
      if (left > 0) this.#inFlight.set(cell, left);
      else this.#inFlight.delete(cell);
    };
  }
}

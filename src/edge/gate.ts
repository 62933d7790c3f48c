// Sheds load before it queues: an isolate that already waits for one cell with many calls sends no more there, scouts of other cells
// least of all. Beside the platform's own refusal (an object that is overloaded), which comes late and on one machine not at all.
import { traitsOf } from '../messages/call-table.ts';
import type { CellRequest } from '../messages/calls.ts';
import { busy, type Problem } from '../protocol/problems.ts';

const RETRY_AFTER_S = 2;

export class Gate {
  readonly #inFlight = new Map<string, number>();
  #ofUsers = 0;

  /** Calls of users that are on their way from here, to any cell. */
  get ofUsers(): number {
    return this.#ofUsers;
  }

  /** Makes the call, or answers `busy` at once. */
  async pass<T>(cell: string, kind: CellRequest['t'], call: () => Promise<T>): Promise<T | Problem> {
    const { shedAbove: max, background } = traitsOf(kind);
    if (max === undefined) return call();
    const before = this.#inFlight.get(cell) ?? 0;
    if (before >= max) return { ...busy('too many calls wait for this place'), retryAfterS: RETRY_AFTER_S };
    const isOfUser = background !== true;
    this.#inFlight.set(cell, before + 1);
    if (isOfUser) this.#ofUsers++;
    try {
      return await call();
    } finally {
      if (isOfUser) this.#ofUsers--;
      const left = (this.#inFlight.get(cell) ?? 1) - 1;
      if (left > 0) this.#inFlight.set(cell, left);
      else this.#inFlight.delete(cell);
    }
  }
}

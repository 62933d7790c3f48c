// The way of one call to a cell: which object is asked next, by what its answers say of the map. Pure: whoever drives it makes the calls,
// reads the map and waits. The router of the edge and the simulated one take the same steps.

import type { CellReply } from '../messages/calls.ts';
import type { MapRow } from '../messages/map-row.ts';
import type { CellId } from '../protocol/ids.ts';
import { busy, problem } from '../protocol/problems.ts';

/** `failed`: the call was not answered in its time. */
export type Heard = CellReply | { readonly t: 'failed' };

export type Move =
  /** Calls the cell; with the version that is known of it, or with its row, or naming none. */
  | { readonly t: 'call'; readonly cell: CellId; readonly row: MapRow | undefined; readonly versioned: boolean }
  /** Reads the cell's row at the primary. */
  | { readonly t: 'readRow'; readonly cell: CellId }
  /** Finds who owns the key now: one of those named, or whom the primary knows. */
  | { readonly t: 'find'; readonly key: string; readonly named: readonly CellId[] }
  | { readonly t: 'wait'; readonly ms: number }
  | { readonly t: 'done'; readonly cell: CellId; readonly reply: Heard }
  /** Only the map could tell the cell who it is, and it cannot be read. */
  | { readonly t: 'away'; readonly cell: CellId };

export type RouteTarget = {
  readonly cell: CellId;
  /** A geohash in it: with a key the call follows the cell's successors, without one `moved` comes back. */
  readonly key?: string | undefined;
};

const HOPS_MAX = 5;
/** How long a client's call is repeated to a cell that is not filled yet. */
export const PATIENCE_MS = 12_000;
/** An object asks again by itself. */
export const OBJECT_PATIENCE_MS = 2000;

export class Route {
  readonly #key: string | undefined;
  readonly #patienceMs: number;
  readonly #random: () => number;
  #cell: CellId;
  #row: MapRow | undefined;
  #hops = 0;
  #waitedMs = 0;
  /** Why the cell is asked without a version, for what it knows of itself. */
  #asItIs: 'away' | 'no leaf' | undefined;

  /**
   * @param patienceMs how long a cell that is being split or merged is asked again
   * @param random 0 (included) to 1
   */
  constructor({ cell, key }: RouteTarget, patienceMs: number, random: () => number) {
    this.#cell = cell;
    this.#key = key;
    this.#patienceMs = patienceMs;
    this.#random = random;
  }

  start(): Move {
    return this.#call();
  }

  /** After `call`. */
  replied(reply: Heard): Move {
    if (this.#asItIs !== undefined) return this.#repliedAsItIs(reply);
    switch (reply.t) {
      case 'pending': {
        if (this.#waitedMs >= this.#patienceMs) return this.#done(busy('this cell is being split or merged'));
        const ms = reply.retryMs * (0.75 + this.#random() / 2);
        this.#waitedMs += ms;
        return { t: 'wait', ms };
      }
      case 'uninitialised':
        return this.#row === undefined ? { t: 'readRow', cell: this.#cell } : this.#done(problem('unknown_cell'));
      case 'moved':
        return this.#key === undefined ? this.#done(reply) : { t: 'find', key: this.#key, named: reply.to };
      default:
        return this.#done(reply);
    }
  }

  /** After `wait`. */
  waited(): Move {
    return this.#call();
  }

  /** After `readRow`. `undefined`: it is not a leaf; `away`: the primary did not say. */
  rowRead(row: MapRow | 'away' | undefined): Move {
    if (row === 'away') {
      // What a cell knows of itself must do.
      this.#asItIs = 'away';
      return this.#call();
    }
    if (row !== undefined) {
      this.#row = row;
      return this.#call();
    }
    if (this.#key !== undefined) return { t: 'find', key: this.#key, named: [] };
    // Not a leaf any more, and meant as it is: it may be behind what its caller has heard of it.
    this.#asItIs = 'no leaf';
    return this.#call();
  }

  /** After `find`. */
  found(next: CellId | undefined): Move {
    if (next === undefined || next === this.#cell) return this.#done(problem('unknown_cell'));
    this.#cell = next;
    this.#row = undefined;
    this.#hops++;
    return this.#hops >= HOPS_MAX ? this.#done(busy('the map is changing here')) : this.#call();
  }

  #call(): Move {
    return { t: 'call', cell: this.#cell, row: this.#row, versioned: this.#asItIs === undefined };
  }

  #repliedAsItIs(reply: Heard): Move {
    if (this.#asItIs === 'no leaf') return this.#done(reply.t === 'uninitialised' ? problem('unknown_cell') : reply);
    if (reply.t === 'uninitialised') return { t: 'away', cell: this.#cell };
    return this.#done(reply.t === 'pending' || reply.t === 'moved' ? busy('the map is changing here') : reply);
  }

  #done(reply: Heard): Move {
    return { t: 'done', cell: this.#cell, reply };
  }
}

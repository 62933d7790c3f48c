// A simulated edge worker: knows the map as it was some time ago, and is corrected by what the cells answer, as the shipping router is.
import { encode, MAX_LENGTH } from '../src/geo/geohash.ts';
import type { Point } from '../src/geo/point.ts';
import type { CellRequest } from '../src/messages/calls.ts';
import type { CellId } from '../src/protocol/ids.ts';
import { leafIn, type SimMap } from './map.ts';
import type { AnyReply, CellNode, Node } from './node.ts';

const HOPS_MAX = 5;
/** How long a client's call is repeated to a cell that is not filled yet. */
const PENDING_MAX_MS = 15_000;
const TTL_MS = 60_000;

export type Edge = {
  readonly leafOf: (point: Point) => CellId | undefined;
  readonly isLeaf: (cell: CellId) => boolean;
  /** What a request to a leaf names, as far as is known. */
  readonly versionOf: (cell: CellId, request: CellRequest) => number | null;
  /** To the leaf that covers `key`, `cell` as far as is known; `done` hears who answered. */
  readonly call: (
    key: string,
    request: CellRequest,
    timeoutMs: number,
    done: (reply: AnyReply, cell: CellId) => void,
    cell?: CellId,
  ) => void;
};

/** What an edge needs of the world. */
type Around = {
  readonly map: SimMap;
  readonly now: number;
  readonly after: (ms: number, run: () => void) => void;
  readonly cell: (id: CellId) => CellNode;
  readonly isD1Away: () => boolean;
  readonly request: (
    node: Node,
    request: CellRequest,
    timeoutMs: number,
    done: (reply: AnyReply) => void,
    socket: boolean,
    version: number | null,
  ) => void;
};

export function edge(world: Around): Edge {
  let leaves = world.map.leaves();
  let own = world.map.ownVersions();
  let staleAt = 0;
  const refresh = (): void => {
    if (world.isD1Away()) return;
    leaves = world.map.leaves();
    own = world.map.ownVersions();
    staleAt = world.now + TTL_MS;
  };
  const known = (): ReadonlyMap<CellId, number> => {
    if (world.now >= staleAt) refresh();
    return leaves;
  };
  const versionOf: Edge['versionOf'] = (cell, { t }) => {
    const all = known();
    return (t === 'scout' ? own : all).get(cell) ?? null;
  };
  const call: Edge['call'] = (key, request, timeoutMs, done, cell) => {
    const until = world.now + timeoutMs;
    const waitUntil = world.now + PENDING_MAX_MS;
    const go = (at: CellId | undefined, hops: number): void => {
      if (at === undefined || hops >= HOPS_MAX || world.now >= until) {
        done({ t: 'failed' }, at ?? ('' as CellId));
        return;
      }
      const heard = (reply: AnyReply): void => {
        if (reply.t === 'pending' && world.now < waitUntil) {
          world.after(reply.retryMs, () => go(at, hops));
        } else if (reply.t === 'moved' || reply.t === 'unborn') {
          refresh();
          const named = reply.t === 'moved' ? reply.to.find((one) => key.startsWith(one)) : undefined;
          const next = named ?? leafIn(leaves, key);
          go(next === at ? undefined : next, hops + 1);
        } else {
          done(reply.t === 'pending' ? { t: 'failed' } : reply, at);
        }
      };
      world.request(world.cell(at), request, until - world.now, heard, false, versionOf(at, request));
    };
    go(cell ?? leafIn(known(), key) ?? world.map.retiredCovering(key), 0);
  };
  return {
    leafOf: (point) => leafIn(known(), encode(point, MAX_LENGTH)),
    isLeaf: (cell) => known().has(cell),
    versionOf,
    call,
  };
}

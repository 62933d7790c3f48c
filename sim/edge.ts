// A simulated isolate: knows the map as it was some time ago, and takes the shipping route's steps over the faulty network, through the
// shipping gate.
import { Gate } from '../src/engine/gate.ts';
import { PATIENCE_MS, Route, type RouteTarget } from '../src/engine/route.ts';
import { encode, MAX_LENGTH } from '../src/geo/geohash.ts';
import type { Point } from '../src/geo/point.ts';
import type { Prng } from '../src/lib/prng.ts';
import { traitsOf } from '../src/messages/call-table.ts';
import type { CellRequest } from '../src/messages/calls.ts';
import type { MapRow } from '../src/messages/map-row.ts';
import type { CellId, UserId } from '../src/protocol/ids.ts';
import { mapView, type ViewAround } from './map-view.ts';
import type { AnyReply, CellNode } from './node.ts';
import type { Observer } from './runtime.ts';
import type { World } from './world.ts';

/** Of other people's calls: more than any kind of call may wait beside, and until when they have their answers. */
const FLOOD_MAX = 600;
const FLOOD_MS = 8000;

export type Edge = {
  readonly leafOf: (point: Point) => CellId | undefined;
  readonly isLeaf: (cell: CellId) => boolean;
  /** To the leaf that covers `key`, `cell` as far as is known; `done` hears who answered. */
  readonly call: (
    key: string,
    request: CellRequest,
    timeoutMs: number,
    done: (reply: AnyReply, cell: CellId) => void,
    cell?: CellId,
    patienceMs?: number,
  ) => void;
  /** The upgrade of a socket, to the leaf that covers `key`, after making sure that it lives. */
  readonly connect: (
    key: string,
    user: UserId,
    timeoutMs: number,
    accept: (cell: CellNode, back: (reply: AnyReply) => void) => void,
    done: (reply: AnyReply) => void,
  ) => void;
  /** To this very cell. */
  readonly callCell: (
    cell: CellId,
    request: CellRequest,
    timeoutMs: number,
    done: (reply: AnyReply, cell: CellId) => void,
  ) => void;
};

/** What an edge needs of the world. */
export type Around = ViewAround & {
  readonly cell: (id: CellId) => CellNode;
  /** Of a message to the primary. */
  readonly delay: () => number;
  readonly draw: Prng;
  readonly strikes: (fault: 'flood') => boolean;
  readonly called: NonNullable<Observer['called']>;
  readonly random: () => number;
  readonly upgrade: World['upgrade'];
  /** One call of one object. */
  readonly call: (
    node: CellNode,
    request: CellRequest,
    timeoutMs: number,
    done: (reply: AnyReply) => void,
    named: Named,
  ) => void;
};

/** What a request says of the map: the version that the cell must have heard of, or its row. */
export type Named = { readonly version: number | null; readonly row?: MapRow | undefined };

export function edge(world: Around): Edge {
  const view = mapView(world);
  const gate = new Gate();
  const versionOf = (cell: CellId, { t }: CellRequest): number | null => {
    const { leaves, own } = view.known();
    return (traitsOf(t).ofItself ? own : leaves).get(cell) ?? null;
  };
  const reach = (
    target: RouteTarget,
    request: CellRequest,
    timeoutMs: number,
    patienceMs: number,
    done: (reply: AnyReply, cell: CellId) => void,
  ): void => {
    if (world.strikes('flood')) flood(world, gate, target.cell);
    const find = (key: string, named: readonly CellId[]): CellId | undefined => {
      const fresh = view.confirmed(key);
      return named.find((one) => key.startsWith(one)) ?? fresh;
    };
    take(world, new Route(target, patienceMs, world.random), request, timeoutMs, { versionOf, find, gate }, done);
  };
  const call: Edge['call'] = (key, request, timeoutMs, done, cell, patienceMs = PATIENCE_MS) => {
    const first = cell ?? view.owner(key) ?? world.map.retiredCovering(key);
    if (first === undefined) done({ t: 'failed' }, '' as CellId);
    else reach({ cell: first, key }, request, timeoutMs, patienceMs, done);
  };
  return {
    leafOf: (point) => view.owner(encode(point, MAX_LENGTH)),
    isLeaf: (cell) => view.known().leaves.has(cell),
    call,
    connect: (key, user, timeoutMs, accept, done) =>
      call(key, { t: 'enter', user }, timeoutMs, (reply, cell) => {
        if (reply.t !== 'done') done(reply);
        else {
          const upgrade = (back: (reply: AnyReply) => void): void =>
            world.upgrade(timeoutMs, (answer) => accept(world.cell(cell), answer), back);
          pass(world, gate, cell, 'presence', upgrade, done);
        }
      }),
    callCell: (cell, request, timeoutMs, done) => reach({ cell }, request, timeoutMs, PATIENCE_MS, done),
  };
}

/** How a route is gone: what is known of the map, and who owns a key by the primary. */
export type Ground = {
  readonly versionOf: (cell: CellId, request: CellRequest) => number | null;
  readonly find: (key: string, named: readonly CellId[]) => CellId | undefined;
  /** Of the isolate; whoever stands for none has none. */
  readonly gate?: Gate;
};

/** Takes the route's steps until there is an answer; `failed` when there is none in time. */
export function take(
  world: Around,
  route: Route,
  request: CellRequest,
  timeoutMs: number,
  { versionOf, find, gate }: Ground,
  done: (reply: AnyReply, cell: CellId) => void,
): void {
  const until = world.now + timeoutMs;
  const go = (move: ReturnType<Route['start']>): void => {
    if (move.t === 'done') {
      done(move.reply, move.cell);
      return;
    }
    const leftMs = until - world.now;
    if (leftMs <= 0 || move.t === 'away') {
      done({ t: 'failed' }, move.t === 'call' || move.t === 'away' ? move.cell : ('' as CellId));
      return;
    }
    switch (move.t) {
      case 'call': {
        const { cell, row, versioned } = move;
        const version = versioned ? (row?.version ?? versionOf(cell, request)) : null;
        const heard = (reply: AnyReply): void => go(route.replied(reply as Parameters<Route['replied']>[0]));
        const call = (back: (reply: AnyReply) => void): void =>
          world.call(world.cell(cell), request, leftMs, back, { version, row });
        if (gate === undefined || !versioned) call(heard);
        else pass(world, gate, cell, request.t, call, heard);
        return;
      }
      case 'readRow': {
        const { cell } = move;
        if (world.isD1Away()) world.after(0, () => go(route.rowRead('away')));
        else world.after(world.delay(), () => go(route.rowRead(world.map.mapRowOf(cell))));
        return;
      }
      case 'find':
        go(route.found(find(move.key, move.named)));
        return;
      default:
        world.after(Math.min(move.ms, leftMs), () => go(route.waited()));
    }
  };
  go(route.start());
}

/** Makes the call, or answers `busy` at once. */
function pass(
  world: Pick<Around, 'called'>,
  gate: Gate,
  cell: CellId,
  kind: CellRequest['t'],
  call: (back: (reply: AnyReply) => void) => void,
  heard: (reply: AnyReply) => void,
): void {
  const leave = gate.enter(cell, kind);
  if (typeof leave !== 'function') {
    world.called(gate, cell, kind, 'shed');
    heard(leave);
    return;
  }
  world.called(gate, cell, kind, 'sent');
  call((reply) => {
    leave();
    world.called(gate, cell, kind, 'back');
    heard(reply);
  });
}

/** What other people say of offers: the calls that are shed last. */
function flood(world: Around, gate: Gate, cell: CellId): void {
  for (let left = world.draw.below(FLOOD_MAX); left > 0; left--)
    pass(
      world,
      gate,
      cell,
      'answer',
      (back) => world.after(world.draw.below(FLOOD_MS), () => back({ t: 'failed' })),
      () => undefined,
    );
}

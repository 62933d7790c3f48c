// Finds the object that a call is for and gets the call there: by the cached map, corrected by what the cells answer.
import { Gate } from '../engine/gate.ts';
import { PATIENCE_MS, Route, type RouteTarget } from '../engine/route.ts';
import { center, encode, MAX_LENGTH } from '../geo/geohash.ts';
import type { Point } from '../geo/point.ts';
import { traitsOf } from '../messages/call-table.ts';
import type {
  CellCallName,
  CellCalls,
  CellEnvelope,
  CellReply,
  CellRequest,
  UserCallName,
  UserCalls,
  UserEnvelope,
  UserReply,
  UserRequest,
} from '../messages/calls.ts';
import type { MapRow } from '../messages/map-row.ts';
import type { MapReply, MapRequest } from '../messages/resharding.ts';
import type { CellId, HomeKey, UserId } from '../protocol/ids.ts';
import { busy, isProblem, type Problem, problem } from '../protocol/problems.ts';
import type { City, CityStore } from '../store/city-store.ts';
import { type CallDeps, callObject, unreadable } from './call.ts';
import type { Coverage } from './coverage.ts';
import { pass } from './gate.ts';
import { type Leaf, MapAwayError, type MapCache } from './map-cache.ts';

/** What the router needs of a namespace of objects. */
export type Objects<Stub> = { readonly get: (name: string, locationHint: string | undefined) => Stub };
export type CellStub = {
  readonly call: (envelope: CellEnvelope) => Promise<CellReply>;
  readonly fetch: (request: Request) => Promise<Response>;
};
export type UserStub = { readonly call: (envelope: UserEnvelope) => Promise<UserReply> };

export type RouterDeps = CallDeps & {
  readonly cells: Objects<CellStub>;
  readonly users: Objects<UserStub>;
  readonly store: Pick<CityStore, 'mapRow' | 'rows' | 'swap'>;
  readonly map: MapCache;
  readonly coverage: Coverage;
};

export type CellTarget = RouteTarget;

export type CellRequestOf<K extends CellCallName> = { readonly t: K } & CellCalls[K]['ask'];
export type UserRequestOf<K extends UserCallName> = { readonly t: K } & UserCalls[K]['ask'];
/** What comes back when every correction was made: only a target without a key is told `moved`. */
export type CellAnswer<K extends CellCallName> =
  | CellCalls[K]['reply']
  | Problem
  | { readonly t: 'moved'; readonly to: readonly CellId[] };

export class Router {
  readonly #deps: RouterDeps;
  readonly #gate = new Gate();

  constructor(deps: RouterDeps) {
    this.#deps = deps;
  }

  /** Time that passes before something is asked again. */
  pause(ms: number): Promise<void> {
    return this.#deps.sleep(ms);
  }

  /** 0 (included) to 1. */
  get random(): () => number {
    return this.#deps.random;
  }

  /** Calls of users that are on their way from here. */
  usersWaiting(): number {
    return this.#gate.ofUsers;
  }

  /** The leaf that holds a point, confirmed at the primary when there seems to be none. @throws MapAwayError */
  async locate(point: Point): Promise<Leaf | undefined> {
    return (await this.#deps.map.leafOf(point)) ?? (await this.#deps.map.leafOf(point, 'primary'));
  }

  /** A cell that is or was a leaf, and its city. @throws MapAwayError */
  everLeaf(cell: CellId): Promise<Leaf | undefined> {
    return this.#deps.map.everLeaf(cell);
  }

  /** This cell, if it is a leaf as far as is known. @throws MapAwayError */
  leaf(cell: CellId): Promise<Leaf | undefined> {
    return this.#deps.map.leaf(cell);
  }

  /** The map row of a cell, read from the primary; `undefined` when it is not a leaf. @throws when D1 is away. */
  rowOf(cell: CellId): Promise<MapRow | undefined> {
    return this.#deps.store.mapRow(cell);
  }

  /** `out_of_coverage`, naming the nearest city. */
  outOfCoverage(point: Point): Promise<Problem> {
    return this.#deps.coverage.problem(point);
  }

  /** A city was rolled out here: where nobody was, somebody may be, and rules may be others. */
  mapChanged(): void {
    this.#deps.map.expire();
    this.#deps.coverage.forget();
  }

  /** What a cell asks of the map at its primary. @throws when D1 is away; the cell asks again. */
  callMap(request: MapRequest): Promise<MapReply> {
    return request.t === 'swap' ? this.#deps.store.swap(request) : this.#deps.store.rows(request.cells);
  }

  /** Calls a cell, bringing it to life if it is a leaf that never was. Problems: its own, `unknown_cell`, `busy`. */
  async callCell<K extends CellCallName>(
    target: CellTarget,
    request: CellRequestOf<K>,
    trace?: string,
    patienceMs = PATIENCE_MS,
  ): Promise<CellAnswer<K>> {
    return (await this.#reach(target, request as CellRequest, trace, patienceMs)).reply as CellAnswer<K>;
  }

  /** Calls the leaf that covers a home key. `unknown_cell` when none does. @throws MapAwayError */
  async callHome<K extends CellCallName>(
    home: HomeKey,
    request: CellRequestOf<K>,
    trace?: string,
    patienceMs?: number,
  ): Promise<CellCalls[K]['reply'] | Problem> {
    // A home key may be shorter than the leaf: the question lies in the middle of its square.
    const point = center(home);
    // What ended in a city that is gone is kept for its day, where it was.
    const leaf = (await this.locate(point)) ?? (await this.#deps.map.retiredAt(point));
    if (leaf === undefined) return problem('unknown_cell');
    return settled(
      await this.callCell({ cell: leaf.cell, key: encode(point, MAX_LENGTH) }, request, trace, patienceMs),
    );
  }

  async callUser<K extends UserCallName>(
    user: UserId,
    request: UserRequestOf<K>,
    trace?: string,
  ): Promise<UserCalls[K]['reply'] | Problem> {
    const envelope: UserEnvelope = { request: request as UserRequest, ...(trace === undefined ? {} : { trace }) };
    const reply = await callObject(() => this.#deps.users.get(user, undefined).call(envelope), this.#deps);
    return reply as UserCalls[K]['reply'] | Problem;
  }

  /** What a cell carries, without bringing it to life; waking it makes up for a lost alarm. `undefined`: never lived. */
  async peek(cell: CellId, trace?: string): Promise<CellCalls['load']['reply'] | Problem | undefined> {
    const hint = await this.#hintOf(cell);
    const envelope: CellEnvelope = { request: { t: 'load' }, ...(trace === undefined ? {} : { trace }) };
    const reply = await callObject(() => this.#deps.cells.get(cell, hint).call(envelope), this.#deps);
    return reply.t === 'load' || reply.t === 'problem' ? reply : undefined;
  }

  /** The same for one cell of a list, where the failure of its object is a part of the answer. */
  async look(cell: CellId, trace?: string): Promise<CellCalls['load']['reply'] | Problem | undefined> {
    return this.peek(cell, trace).catch(unreadable);
  }

  /** Tells the parent of 32 leaves, which is none itself, to merge them. */
  async mergeInto(mapRow: MapRow, trace?: string): Promise<CellReply<'merge'>> {
    const hint = await this.#hintOf(mapRow.cell);
    const envelope: CellEnvelope = { request: { t: 'merge', mapRow }, ...(trace === undefined ? {} : { trace }) };
    const reply = await callObject(() => this.#deps.cells.get(mapRow.cell, hint).call(envelope), this.#deps);
    return reply as CellReply<'merge'>;
  }

  /** Calls a cell that must know the map as of `version`, and sends it its row if it does not. `uninitialised`: it is not a leaf. */
  async tellCell<K extends CellCallName>(
    cell: CellId,
    request: CellRequestOf<K>,
    version: number,
  ): Promise<CellReply<K>> {
    const hint = await this.#hintOf(cell);
    const envelope: CellEnvelope = { request: request as CellRequest, version };
    const call = async (mapRow?: MapRow): Promise<CellReply<K>> => {
      const sent = mapRow === undefined ? envelope : { ...envelope, mapRow };
      return (await callObject(() => this.#deps.cells.get(cell, hint).call(sent), this.#deps)) as CellReply<K>;
    };
    const reply = await call();
    if (reply.t !== 'uninitialised') return reply;
    const mapRow = await this.#deps.store.mapRow(cell);
    return mapRow === undefined ? reply : call(mapRow);
  }

  /** Hands a WebSocket upgrade to the cell of a target, after making sure that it lives. */
  async connect(
    target: CellTarget,
    user: UserId,
    request: (leaf: CellId) => Request,
    trace?: string,
  ): Promise<Response | Problem> {
    const { cell, reply } = await this.#reach(target, { t: 'enter', user }, trace);
    if (isProblem(reply)) return reply;
    if (reply.t !== 'done') return busy('the map is changing here');
    const hint = await this.#hintOf(cell);
    // The upgrade waits for the first ping.
    return pass(this.#gate, cell, 'presence', () =>
      callObject(() => this.#deps.cells.get(cell, hint).fetch(request(cell)), this.#deps),
    );
  }

  /** Goes the call's way. @throws MapAwayError when only the map could tell the cell who it is. */
  async #reach(
    target: CellTarget,
    request: CellRequest,
    trace: string | undefined,
    patienceMs = PATIENCE_MS,
  ): Promise<{ readonly cell: CellId; readonly reply: CellReply }> {
    const route = new Route(target, patienceMs, this.#deps.random);
    for (let move = route.start(); ; ) {
      switch (move.t) {
        case 'call':
          move = route.replied(
            move.versioned
              ? await this.#callOnce(move.cell, request, move.row, trace)
              : await this.#callUnversioned(move.cell, request, trace),
          );
          break;
        case 'readRow':
          move = route.rowRead(await this.#mapRowOf(move.cell));
          break;
        case 'find':
          move = route.found(await this.#successor(move.key, move.named));
          break;
        case 'wait':
          await this.#deps.sleep(move.ms);
          move = route.waited();
          break;
        case 'done':
          return { cell: move.cell, reply: move.reply as CellReply };
        case 'away':
          throw new MapAwayError(new Error(`${move.cell} was never initialised, and D1 is away`));
      }
    }
  }

  async #callOnce(
    cell: CellId,
    request: CellRequest,
    mapRow: MapRow | undefined,
    trace: string | undefined,
  ): Promise<CellReply> {
    const leaf = await this.#leafIfKnown(cell);
    const version = mapRow?.version ?? (leaf && (traitsOf(request.t).ofItself ? leaf.ownVersion : leaf.version));
    const envelope: CellEnvelope = {
      request,
      ...(version === undefined ? {} : { version }),
      ...(mapRow === undefined ? {} : { mapRow }),
      ...(trace === undefined ? {} : { trace }),
    };
    const stub = (): CellStub => this.#deps.cells.get(cell, leaf?.city.locationHint);
    return pass(this.#gate, cell, request.t, () => callObject(() => stub().call(envelope), this.#deps));
  }

  async #callUnversioned(cell: CellId, request: CellRequest, trace: string | undefined): Promise<CellReply> {
    const hint = await this.#hintOf(cell);
    const envelope: CellEnvelope = { request, ...(trace === undefined ? {} : { trace }) };
    return callObject(() => this.#deps.cells.get(cell, hint).call(envelope), this.#deps);
  }

  /** Who owns the key now: what the cell itself says comes first, as D1 may be away. */
  async #successor(key: string, named: readonly CellId[]): Promise<CellId | undefined> {
    const fresh = await this.#deps.map.leafOf(center(key), 'primary').catch(nothingWhenAway);
    return named.find((cell) => key.startsWith(cell)) ?? fresh?.cell;
  }

  async #mapRowOf(cell: CellId): Promise<MapRow | 'away' | undefined> {
    return this.#deps.store.mapRow(cell).catch((error: unknown) => {
      nothingWhenAway(error);
      return 'away' as const;
    });
  }

  async #leafIfKnown(cell: CellId): Promise<Leaf | undefined> {
    return this.#deps.map.leaf(cell).catch(nothingWhenAway);
  }

  async #hintOf(cell: CellId): Promise<City['locationHint'] | undefined> {
    return (await this.#leafIfKnown(cell))?.city.locationHint;
  }
}

/** With D1 away what is known must do. @throws whatever else is wrong. */
function nothingWhenAway(error: unknown): undefined {
  if (!(error instanceof MapAwayError)) throw error;
}

/** With a key, a call never ends in `moved`. */
export function settled<T extends object>(reply: T): Exclude<T, { readonly t: 'moved' }> | Problem {
  if ('t' in reply && reply.t === 'moved') return busy('the map is changing here');
  return reply as Exclude<T, { readonly t: 'moved' }>;
}

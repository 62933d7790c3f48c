// The simulated platform: objects, and a network between them, under a weather of faults. How an object runs is in runtime.ts.

import type { Send } from '../src/engine/effects.ts';
import type { FailureMarks } from '../src/engine/retry.ts';
import { OBJECT_PATIENCE_MS, PATIENCE_MS, Route } from '../src/engine/route.ts';
import { type Prng, prng } from '../src/lib/prng.ts';
import type { CellEnvelope, CellRequest, UserRequest } from '../src/messages/calls.ts';
import type { MapRequest } from '../src/messages/resharding.ts';
import type { CellId, UserId } from '../src/protocol/ids.ts';
import { type Edge, edge, type Named, take } from './edge.ts';
import { type Weather, weather } from './faults.ts';
import type { SimMap } from './map.ts';
import { type AnyReply, type CellNode, cellNode, type Node, type NodeEvent, type UserNode, userNode } from './node.ts';
import type { Faults, SimOptions } from './options.ts';
import { type Observer, Runtime, type RuntimeDeps } from './runtime.ts';
import { BROKEN, callObject, OVERLOADED } from './stub.ts';
import { type Sweep, sweep } from './sweep.ts';
import { type Timeline, timeline } from './timeline.ts';

export type Stats = { events: number; faults: number; rows: number; cellCalls: number; userCalls: number };

const EDGES = 3;
const SWEEP_TIMEOUT_MS = 10_000;

export class World {
  readonly map: SimMap;
  readonly draw: Prng;
  /** For the jitter of what waits: of its own, lest it shift what else is drawn. */
  readonly random: () => number = prng(2).unit;
  readonly stats: Stats = { events: 0, faults: 0, rows: 0, cellCalls: 0, userCalls: 0 };
  readonly cells = new Map<CellId, CellNode>();
  readonly users = new Map<UserId, UserNode>();
  /** Isolates, each with its own copy of the map. */
  readonly #edges: readonly Edge[];
  readonly #timeline: Timeline = timeline();
  readonly #weather: Weather;
  readonly #runtime: Runtime;
  readonly sweep: Sweep;
  readonly #occurred: (what: string) => void;
  readonly #observer: Observer;
  #ids = 0;

  constructor(map: SimMap, draw: Prng, options: Pick<SimOptions, 'faults' | 'delayMs'>, observer: Observer) {
    this.map = map;
    this.draw = draw;
    this.#weather = weather(draw, options, () => {
      this.stats.faults++;
    });
    this.#observer = observer;
    const timeline = this.#timeline;
    const { stats } = this;
    const send: RuntimeDeps['send'] = (from, one, done) => this.#send(from, one, done);
    this.#occurred = observer.occurred ?? (() => undefined);
    this.sweep = this.#sweepOf();
    this.#runtime = new Runtime({ draw, timeline, weather: this.#weather, observer, stats, send, sweep: this.sweep });
    for (const cell of map.cells) this.cells.set(cell, cellNode(cell));
    this.#edges = Array.from({ length: EDGES }, () => edge(this));
  }

  get now(): number {
    return this.#timeline.now();
  }

  /** Runs what is planned up to `until`, in order of time. */
  run(until: number): void {
    this.#timeline.run(until);
  }

  after(ms: number, run: () => void): void {
    this.#timeline.after(ms, run);
  }

  get faults(): Faults {
    return this.#weather.faults();
  }

  /** Ends all faults; clocks stay as they are. */
  heal(): void {
    this.#weather.heal();
    for (const node of [...this.cells.values(), ...this.users.values()]) this.#runtime.join(node);
  }

  strikes(fault: keyof Faults): boolean {
    return this.#weather.strikes(fault);
  }

  called(...what: Parameters<NonNullable<Observer['called']>>): void {
    this.#observer.called?.(...what);
  }

  cell(id: CellId): CellNode {
    const known = this.cells.get(id);
    if (known !== undefined) return known;
    const made = cellNode(id);
    this.cells.set(id, made);
    return made;
  }

  /** The isolate that serves somebody, always the same. */
  edge(name: string): Edge {
    return this.#edges[name.length % EDGES] as Edge;
  }

  /** Of one change of the map, on its way to one replica. */
  replicaLagMs(): number {
    const { replicaLagMs } = this.faults;
    return (replicaLagMs ?? 0) === 0 ? 0 : this.draw.below(replicaLagMs);
  }

  occurred(what: string): void {
    this.#occurred(what);
  }

  isD1Away(): boolean {
    return this.#weather.isD1Away(this.now);
  }

  user(id: UserId): UserNode {
    const known = this.users.get(id);
    if (known !== undefined) return known;
    const made = userNode(id);
    this.users.set(id, made);
    return made;
  }

  /**
   * A request over the faulty network, as from an isolate that knows the newest map; `done` hears the reply, or `failed` after
   * `timeoutMs`. What comes over a socket is at its cell already.
   */
  request(
    node: Node,
    request: CellRequest | UserRequest,
    timeoutMs: number,
    done: (reply: AnyReply) => void,
    socket = false,
  ): void {
    if (node.kind === 'user' || socket) {
      this.call(node, request, timeoutMs, done, { version: null }, socket);
      return;
    }
    const ground = { versionOf: () => this.#newest(node), find: () => undefined };
    const route = new Route({ cell: node.id }, PATIENCE_MS, this.random);
    take(this, route, request as CellRequest, timeoutMs, ground, done);
  }

  /** One call of one object; over the user's socket it is there already. */
  call(
    node: Node,
    request: CellRequest | UserRequest,
    timeoutMs: number,
    done: (reply: AnyReply) => void,
    named: Named,
    socket = false,
  ): void {
    const once = (leftMs: number, heard: (reply: AnyReply) => void): void =>
      this.#callOnce(node, request, leftMs, heard, named, socket);
    if (socket) once(timeoutMs, done);
    else callObject(this, once, timeoutMs, done);
  }

  /** The upgrade of a socket, which waits for what the cell makes of its first ping: no copy of it comes later. */
  upgrade(timeoutMs: number, arrive: (back: (reply: AnyReply) => void) => void, done: (reply: AnyReply) => void): void {
    this.stats.cellCalls++;
    callObject(this, (leftMs, heard) => this.#overStub(leftMs, heard, arrive, () => undefined), timeoutMs, done);
  }

  /** What comes over a socket is at its cell already. */
  ask(cell: CellNode, request: CellRequest, back: (reply: AnyReply) => void): void {
    this.#runtime.request(cell, (token) => ({ t: 'request', envelope: { request }, token, socket: true }), back);
  }

  /** Whether nobody reaches the cell just now. */
  isSilent({ id }: CellNode): boolean {
    return this.#weather.isSilent(id, this.now);
  }

  nextId(): number {
    return ++this.#ids;
  }

  /** On one stub. */
  #callOnce(
    node: Node,
    request: CellRequest | UserRequest,
    timeoutMs: number,
    done: (reply: AnyReply) => void,
    named: Named,
    socket: boolean,
  ): void {
    if (node.kind === 'cell') this.stats.cellCalls++;
    else this.stats.userCalls++;
    const arrive = (back: (reply: AnyReply) => void): void => this.#arrive(node, request, named, socket, back);
    const unheard = (): void => arrive(() => undefined);
    if (socket) this.#exchange(timeoutMs, done, arrive, unheard);
    else this.#overStub(timeoutMs, done, arrive, unheard);
  }

  #overStub(
    timeoutMs: number,
    done: (reply: AnyReply) => void,
    arrive: (back: (reply: AnyReply) => void) => void,
    again: () => void,
  ): void {
    const fail = (marks: FailureMarks): void =>
      this.after(Math.min(timeoutMs, this.delay()), () => done({ t: 'failed', marks }));
    if (this.strikes('overload')) {
      fail(OVERLOADED);
    } else if (this.strikes('breakStub')) {
      if (this.draw.chance(1, 2)) this.after(this.delay(), () => arrive(() => undefined));
      fail(BROKEN);
    } else this.#exchange(timeoutMs, done, arrive, again);
  }

  /** For a cell that must have heard of the map as it is now: no other answer counts. */
  tell(node: CellNode, request: CellRequest, timeoutMs: number, done: (reply: AnyReply) => void): void {
    this.call(
      node,
      request,
      timeoutMs,
      (reply) => {
        const row = reply.t !== 'uninitialised' || this.isD1Away() ? undefined : this.map.mapRowOf(node.id);
        if (row === undefined) done(reply);
        else this.call(node, request, timeoutMs, done, { version: row.version, row });
      },
      { version: this.#newest(node) },
    );
  }

  /** Of one message on its way, in ms. */
  delay(): number {
    return this.#weather.delay();
  }

  /** Runs one event at an object: constructed first if it has no memory. */
  dispatch(node: Node, event: NodeEvent): void {
    this.#runtime.dispatch(node, event);
  }

  /** The disk of an object is lost. */
  lose(node: Node): void {
    this.stats.faults++;
    this.#runtime.lose(node);
  }

  /** Hibernation: only an object that waits for nothing; its sockets stay. */
  evict(node: Node): void {
    this.#runtime.evict(node);
  }

  #sweepOf(): Sweep {
    const now = (): number => this.now;
    return sweep({
      get now() {
        return now();
      },
      after: (ms, run) => this.after(ms, run),
      isD1Away: () => this.isD1Away(),
      isMarkLost: () => this.strikes('loseBusy'),
      cell: (id) => this.cell(id),
      living: () =>
        [...this.cells.values()].filter(({ store, state }) => store.alarm() !== null || state !== undefined),
      peek: (node) => this.call(node, { t: 'load' }, SWEEP_TIMEOUT_MS, () => undefined, { version: null }),
      occurred: this.#occurred,
    });
  }

  #newest(node: Node): number | null {
    return (node.kind === 'cell' ? this.map.leaves().get(node.id) : undefined) ?? null;
  }

  #send(from: Node, { address, request, timeoutMs }: Send, back: (reply: AnyReply) => void): void {
    switch (address.to) {
      case 'user':
        this.request(this.user(address.user), request as UserRequest, timeoutMs, back);
        return;
      case 'cell':
        this.edge(from.id).callCell(address.cell, request as CellRequest, timeoutMs, back);
        return;
      case 'home':
        this.edge(from.id).call(address.key, request as CellRequest, timeoutMs, back, undefined, OBJECT_PATIENCE_MS);
        return;
      case 'map':
        this.#askMap(request as MapRequest, timeoutMs, back);
    }
  }

  /** The primary carries out what reaches it, whether or not its answer comes back. */
  #askMap(request: MapRequest, timeoutMs: number, done: (reply: AnyReply) => void): void {
    const ask = (back: (reply: AnyReply) => void): void => {
      if (!this.isD1Away()) back(this.map.ask(request));
    };
    this.#exchange(timeoutMs, done, ask, ask);
  }

  /**
   * A message over the faulty network and the answer back: the message may be lost, or come `again` later. `done` hears one
   * answer, the first, or `failed` after `timeoutMs`.
   */
  #exchange(
    timeoutMs: number,
    done: (reply: AnyReply) => void,
    arrive: (back: (reply: AnyReply) => void) => void,
    again: (back: (reply: AnyReply) => void) => void,
  ): void {
    let open = true;
    const answer = (reply: AnyReply): void => {
      if (!open) return;
      open = false;
      done(reply);
    };
    this.after(timeoutMs, () => answer({ t: 'failed' }));
    if (this.strikes('loseRequest')) return;
    const back = (reply: AnyReply): void => {
      if (this.strikes('loseReply')) return;
      this.after(this.#weather.delay(), () => answer(reply));
    };
    this.after(this.#weather.delay(), () => arrive(back));
    if (this.strikes('duplicate')) this.after(this.#weather.delay() + this.draw.below(30_000), () => again(back));
  }

  #arrive(
    node: Node,
    request: CellRequest | UserRequest,
    { version, row }: Named,
    socket: boolean,
    back: (reply: AnyReply) => void,
  ): void {
    if (node.kind === 'cell' && this.#weather.isSilent(node.id, this.now)) return;
    if (node.kind === 'user') {
      this.#runtime.request(node, (token) => ({ t: 'request', request: request as UserRequest, token }), back);
      return;
    }
    const envelope: CellEnvelope = {
      request: request as CellRequest,
      ...(version === null ? {} : { version }),
      ...(row === undefined ? {} : { mapRow: row }),
    };
    this.#runtime.request(node, (token) => ({ t: 'request', envelope, token, socket }), back);
  }
}

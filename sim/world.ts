// The simulated platform: objects, and a network between them, under a weather of faults. How an object runs is in runtime.ts.

import type { Send } from '../src/engine/effects.ts';
import type { Prng } from '../src/lib/prng.ts';
import type { Birth } from '../src/messages/birth.ts';
import type { CellEnvelope, CellRequest, UserRequest } from '../src/messages/calls.ts';
import type { MapRequest } from '../src/messages/resharding.ts';
import type { CellId, UserId } from '../src/protocol/ids.ts';
import { type Edge, edge } from './edge.ts';
import type { SimMap } from './map.ts';
import { type AnyReply, type CellNode, cellNode, type Node, type NodeEvent, type UserNode, userNode } from './node.ts';
import type { Faults, SimOptions } from './options.ts';
import { type Observer, Runtime, type RuntimeDeps } from './runtime.ts';
import { type Timeline, timeline } from './timeline.ts';
import { type Weather, weather } from './weather.ts';

export type Stats = { events: number; faults: number; rows: number; cellCalls: number; userCalls: number };

const EDGES = 3;

/** What an object is sent, and the version of the map that it names. */
type Letter = {
  readonly request: CellRequest | UserRequest;
  readonly socket: boolean;
  readonly version: number | null;
  /** Only a cell that has heard of that version may answer, D1 away or not. */
  readonly strict?: true;
};

export class World {
  readonly map: SimMap;
  readonly draw: Prng;
  readonly stats: Stats = { events: 0, faults: 0, rows: 0, cellCalls: 0, userCalls: 0 };
  readonly cells = new Map<CellId, CellNode>();
  readonly users = new Map<UserId, UserNode>();
  /** Isolates, each with its own copy of the map. */
  readonly #edges: readonly Edge[];
  readonly #timeline: Timeline = timeline();
  readonly #weather: Weather;
  readonly #runtime: Runtime;

  constructor(map: SimMap, draw: Prng, options: Pick<SimOptions, 'faults' | 'delayMs'>, observer: Observer) {
    this.map = map;
    this.draw = draw;
    this.#weather = weather(draw, options, () => {
      this.stats.faults++;
    });
    const timeline = this.#timeline;
    const { stats } = this;
    const send: RuntimeDeps['send'] = (from, one, done) => this.#send(from, one, done);
    this.#runtime = new Runtime({ draw, timeline, weather: this.#weather, observer, stats, send });
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
  }

  strikes(fault: keyof Faults): boolean {
    return this.#weather.strikes(fault);
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
   * A request over the faulty network; `done` hears the reply, or `failed` after `timeoutMs`.
   * @param version of the map that it names to a cell: the newest, unless the caller knows an older one, or none.
   */
  request(
    node: Node,
    request: CellRequest | UserRequest,
    timeoutMs: number,
    done: (reply: AnyReply) => void,
    socket = false,
    version: number | null = socket ? null : this.#newest(node),
  ): void {
    if (node.kind === 'cell') this.stats.cellCalls++;
    else this.stats.userCalls++;
    const arrive = (back: (reply: AnyReply) => void): void => this.#arrive(node, { request, socket, version }, back);
    this.#exchange(timeoutMs, done, arrive, () => arrive(() => undefined));
  }

  /** For a cell that must have heard of the map as it is now. */
  tell(node: CellNode, request: CellRequest, timeoutMs: number, done: (reply: AnyReply) => void): void {
    this.stats.cellCalls++;
    const letter: Letter = { request, socket: false, version: this.#newest(node), strict: true };
    const arrive = (back: (reply: AnyReply) => void): void => this.#arrive(node, letter, back);
    this.#exchange(timeoutMs, done, arrive, () => arrive(() => undefined));
  }

  /** Runs one event at an object: constructed first if it has no memory. */
  dispatch(node: Node, event: NodeEvent): void {
    this.#runtime.dispatch(node, event);
  }

  /** Hibernation: only an object that waits for nothing; its sockets stay. */
  evict(node: Node): void {
    this.#runtime.evict(node);
  }

  /** What the cron sweep does to every busy cell. */
  sweep(): void {
    for (const node of this.cells.values()) {
      if (node.store.alarm() !== null || node.state !== undefined)
        this.#arrive(node, { request: { t: 'load' }, socket: false, version: this.#newest(node) }, () => undefined);
    }
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
        this.#byMap(from, address.cell, request as CellRequest, timeoutMs, back);
        return;
      case 'home':
        this.edge(from.id).call(address.key, request as CellRequest, timeoutMs, back);
        return;
      case 'map':
        this.#askMap(request as MapRequest, timeoutMs, back);
    }
  }

  /** Objects know the map as their isolate does. */
  #byMap(from: Node, cell: CellId, request: CellRequest, timeoutMs: number, back: (reply: AnyReply) => void): void {
    const version = this.edge(from.id).versionOf(cell, request);
    this.request(this.cell(cell), request, timeoutMs, back, false, version);
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

  #arrive(node: Node, letter: Letter, back: (reply: AnyReply) => void, birth?: Birth): void {
    if (node.kind === 'cell' && this.#weather.isSilent(node.id, this.now)) return;
    const { request, socket } = letter;
    if (node.kind === 'user') {
      this.#runtime.request(node, (token) => ({ t: 'request', request: request as UserRequest, token }), back);
      return;
    }
    const version = birth?.version ?? letter.version;
    const envelope: CellEnvelope = {
      request: request as CellRequest,
      ...(version === null ? {} : { version }),
      ...(birth === undefined ? {} : { birth }),
    };
    const heard = (reply: AnyReply): void => {
      // Whoever asks again does so in a turn of its own.
      if (reply.t === 'unborn' && birth === undefined) this.after(0, () => this.#readRow(node, letter, back));
      else back(reply);
    };
    this.#runtime.request(node, (token) => ({ t: 'request', envelope, token, socket }), heard);
  }

  /** The cell is behind what its caller names, or was never born: it is asked again with its row, if it is a leaf. */
  #readRow(node: CellNode, letter: Letter, back: (reply: AnyReply) => void): void {
    const asItIs = (): void =>
      letter.version === null ? back({ t: 'unborn' }) : this.#arrive(node, { ...letter, version: null }, back);
    if (this.isD1Away()) {
      if (letter.strict === true) back({ t: 'failed' });
      // What the cell knows of itself must do.
      else asItIs();
      return;
    }
    this.after(this.#weather.delay(), () => {
      const birth = this.map.birthOf(node.id);
      if (birth === undefined && letter.strict === true) back({ t: 'unborn' });
      else if (birth === undefined) asItIs();
      else this.#arrive(node, letter, back, birth);
    });
  }
}

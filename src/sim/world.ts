// The simulated platform: objects with disks, clocks and alarms, and a network between them, all under a weather of faults.
// Effects are carried out in the shipping order (rows and alarm in one transaction, then the rest), and a crash may fall between any two.
import type { Prng } from '../lib/prng.ts';
import type { Birth } from '../protocol/birth.ts';
import type { MapRequest } from '../protocol/change-messages.ts';
import type { Effects, Send } from '../protocol/effects.ts';
import type { CellId, UserId } from '../protocol/ids.ts';
import type { CellEnvelope, CellRequest, UserRequest } from '../protocol/messages.ts';
import { type Edge, edge } from './edge.ts';
import type { SimMap } from './map.ts';
import {
  type AnyReply,
  bootEvent,
  type CellNode,
  cellNode,
  construct,
  type Node,
  type NodeEvent,
  step,
  type UserNode,
  userNode,
} from './node.ts';
import type { Faults, SimOptions } from './options.ts';
import { type Timeline, timeline } from './timeline.ts';
import { type Weather, weather } from './weather.ts';

/** Sees every commit before anybody else learns of it. */
export type Observer = {
  readonly committed: (node: Node, effects: Effects, event: NodeEvent) => void;
};

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
  readonly #observer: Observer;

  constructor(map: SimMap, draw: Prng, options: Pick<SimOptions, 'faults' | 'delayMs'>, observer: Observer) {
    this.map = map;
    this.draw = draw;
    this.#weather = weather(draw, options, () => {
      this.stats.faults++;
    });
    this.#observer = observer;
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
    if (node.state === undefined) this.#construct(node);
    this.#runEvent(node, event);
    if (this.strikes('evict')) this.evict(node);
  }

  /** The process dies: memory, callers and sockets are gone. */
  crash(node: Node): void {
    node.state = undefined;
    node.life++;
    const callers = [...node.waiting.values()];
    node.waiting.clear();
    for (const caller of callers) this.after(this.#weather.delay(), () => caller({ t: 'failed' }));
    if (node.kind === 'user') return;
    for (const socket of [...node.sockets.values()]) {
      node.sockets.delete(socket.user);
      this.after(this.#weather.delay(), () => socket.push({ t: 'lost' }, true));
    }
  }

  /** Hibernation: only an object that waits for nothing; its sockets stay. */
  evict(node: Node): void {
    if (node.state === undefined || node.waiting.size > 0 || node.state.calls.size > 0) return;
    node.state = undefined;
    node.life++;
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

  #construct(node: Node): void {
    construct(node);
    node.skewMs = this.faults.skewMs === 0 ? 0 : this.draw.below(2 * this.faults.skewMs) - this.faults.skewMs;
    this.#runEvent(node, bootEvent(node, `p${this.draw.u32()}`));
  }

  #runEvent(node: Node, event: NodeEvent): void {
    if (node.state === undefined) return;
    this.stats.events++;
    const effects = step(node, event, this.now);
    if (this.strikes('crashBeforeCommit')) {
      this.crash(node);
      return;
    }
    if (effects.rows.length > 0 || effects.alarmAt !== undefined) {
      node.store.commit({ rows: effects.rows, alarmAt: effects.alarmAt });
      this.stats.rows += effects.rows.length + (effects.alarmAt === undefined ? 0 : 1);
      if (effects.alarmAt !== undefined && effects.alarmAt !== null) this.#scheduleAlarm(node, effects.alarmAt);
    }
    if (node.kind === 'cell') this.#attach(node, effects);
    this.#observer.committed(node, effects, event);
    if (this.strikes('crashAfterCommit')) {
      this.crash(node);
      return;
    }
    this.#publish(node, effects);
  }

  #publish(node: Node, effects: Effects): void {
    const { life } = node;
    const alive = (): boolean => {
      if (node.life === life && this.strikes('crashMidPublish')) this.crash(node);
      return node.life === life;
    };
    for (const { token, value } of effects.replies) {
      if (!alive()) return;
      const caller = node.waiting.get(token);
      node.waiting.delete(token);
      caller?.(value as AnyReply);
    }
    for (const { user, frame, close } of effects.frames) {
      if (!alive()) return;
      if (node.kind === 'cell') this.#frame(node, user, frame, close);
    }
    for (const send of effects.sends) {
      if (!alive()) return;
      this.#send(node, send);
    }
  }

  #attach(node: CellNode, effects: Effects): void {
    for (const soft of effects.attachments) {
      const socket = node.sockets.get(soft.user);
      if (socket !== undefined) socket.soft = soft;
    }
  }

  #frame(node: CellNode, user: UserId, frame: Readonly<Record<string, unknown>>, close: boolean): void {
    const socket = node.sockets.get(user);
    if (socket === undefined) return;
    if (close) node.sockets.delete(user);
    this.after(this.#weather.delay(), () => socket.push(frame, close));
  }

  #send(from: Node, { address, request, timeoutMs, call }: Send): void {
    const { life } = from;
    const back = (reply: AnyReply): void => {
      if (from.life === life && from.state !== undefined) this.dispatch(from, { t: 'reply', call, reply });
    };
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
    const version = this.edge(from.id).versionOf(cell);
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
    if (node.state === undefined) this.#construct(node);
    if (node.state === undefined) {
      back({ t: 'failed' });
      return;
    }
    const token = node.nextToken++;
    const { request, socket } = letter;
    if (node.kind === 'user') {
      node.waiting.set(token, back);
      this.dispatch(node, { t: 'request', request: request as UserRequest, token });
      return;
    }
    const version = birth?.version ?? letter.version;
    const envelope: CellEnvelope = {
      request: request as CellRequest,
      ...(version === null ? {} : { version }),
      ...(birth === undefined ? {} : { birth }),
    };
    node.waiting.set(token, (reply) => {
      if (reply.t === 'unborn' && birth === undefined) this.#readRow(node, letter, back);
      else back(reply);
    });
    this.dispatch(node, { t: 'request', envelope, token, socket });
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

  #scheduleAlarm(node: Node, at: number): void {
    const ticket = ++node.alarmTicket;
    const late = this.strikes('lateAlarm') ? this.draw.below(50_000) : 0;
    this.after(at - node.skewMs - this.now + late, () => {
      if (node.alarmTicket !== ticket) return;
      // Given up after six failures: it stays on the disk, in the past, and does not fire.
      if (this.strikes('loseAlarm')) return;
      node.store.commit({ rows: [], alarmAt: null });
      this.dispatch(node, { t: 'alarm' });
      if (this.strikes('doubleAlarm')) this.after(this.draw.below(5000), () => this.dispatch(node, { t: 'alarm' }));
      // A handler that died is retried by the platform.
      if (node.state === undefined) this.after(2000, () => this.dispatch(node, { t: 'alarm' }));
    });
  }
}

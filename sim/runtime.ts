// The simulated runtime of objects: the shipping interpreter over ports that fail. A crash may fall before a commit, after it, and at
// each thing that is published; processes die, objects are evicted, alarms come late, twice or never.
import { guardRetry, runDue } from '../src/engine/alarm-handler.ts';
import type { Effects, Send } from '../src/engine/effects.ts';
import { type Interpreter, type InterpreterPorts, interpreter } from '../src/engine/interpreter.ts';
import { TooLarge } from '../src/engine/rows.ts';
import { type EpochMs, epochMs } from '../src/lib/brand.ts';
import { type Prng, prng } from '../src/lib/prng.ts';
import type { CellRequest } from '../src/messages/calls.ts';
import type { CellId } from '../src/protocol/ids.ts';
import type { Weather } from './faults.ts';
import {
  type AnyReply,
  bootEvents,
  type Caller,
  type CellNode,
  construct,
  ghostOf,
  type Node,
  type NodeEvent,
  onReply,
  reconstruct,
  step,
  wipe,
} from './node.ts';
import { LOST, type SimSocket, socketsOf } from './socket.ts';
import { RESET } from './stub.ts';
import type { Sweep } from './sweep.ts';
import type { Timeline } from './timeline.ts';

/** The platform runs a handler of an alarm again that failed, so often, and then gives it up. */
const ALARM_RETRIES = 6;
const ALARM_RETRY_MS = 2000;
const GHOST_MS = 20_000;

/** What an object has refused it is rebuilt from, and writes again. */
const AT_BOOT = new Set<NodeEvent['t'] | undefined>(['boot', 'socket_open', 'connected']);

/** Sees every commit before anybody else learns of it. */
export type Observer = {
  readonly committed: (node: Node, effects: Effects, event: NodeEvent) => void;
  /** An older instance of it goes on for a while, and answers some of its callers. */
  readonly cutOff?: (node: Node) => void;
  /** Its disk is about to be lost. */
  readonly lost?: (node: Node) => void;
  /** Counts what the world did, where no commit shows it. */
  readonly occurred?: (what: string) => void;
  /** Of each frame to a socket that is open; `closed`: with which reason it is the last. */
  readonly pushed?: (
    node: CellNode,
    socket: SimSocket,
    frame: Readonly<Record<string, unknown>>,
    closed: string | undefined,
  ) => void;
  /** What an isolate does with a call to a cell: lets it go there, or sheds it; and that there is an answer, or none in time. */
  readonly called?: (isolate: object, cell: CellId, kind: CellRequest['t'], what: 'sent' | 'shed' | 'back') => void;
};

export type RuntimeDeps = {
  readonly draw: Prng;
  readonly timeline: Timeline;
  readonly weather: Weather;
  readonly observer: Observer;
  readonly stats: { events: number; rows: number };
  /** Takes a call of one object to another; `done` hears the reply, or `failed`. */
  readonly send: (from: Node, send: Send, done: (reply: AnyReply) => void) => void;
  /** Of cells, for their hints to the sweep. */
  readonly sweep: Pick<Sweep, 'said' | 'mark'>;
};

/** The process died at this point. */
class Crashed extends Error {}

export class Runtime {
  readonly #draw: RuntimeDeps['draw'];
  readonly #timeline: RuntimeDeps['timeline'];
  readonly #weather: RuntimeDeps['weather'];
  readonly #observer: RuntimeDeps['observer'];
  readonly #stats: RuntimeDeps['stats'];
  readonly #send: RuntimeDeps['send'];
  readonly #sweep: RuntimeDeps['sweep'];
  /** For the cells: of its own, lest it shift what else is drawn. */
  readonly #chance = prng(1).unit;

  constructor({ draw, timeline, weather, observer, stats, send, sweep }: RuntimeDeps) {
    this.#draw = draw;
    this.#timeline = timeline;
    this.#weather = weather;
    this.#observer = observer;
    this.#stats = stats;
    this.#send = send;
    this.#sweep = sweep;
  }

  /** Runs one event at an object: constructed first if it has no memory. False when the object died of it. */
  dispatch(node: Node, event: NodeEvent): boolean {
    return this.#run(node, (engine) => engine.run(event));
  }

  /** The same for an event that `caller` waits for: it hears the answer, or `failed` when the object dies. */
  request(to: Node, make: (token: number) => NodeEvent, caller: Caller): void {
    const node = to.ghost !== undefined && this.#draw.chance(1, 2) ? to.ghost : to;
    node.callers.add(caller);
    this.#run(node, (engine) =>
      engine.request(make, (reply) => {
        this.#dieHere();
        if (node.isGhost) this.#observer.occurred?.(`ghost → ${(reply as AnyReply).t}`);
        node.callers.delete(caller);
        caller(reply as AnyReply);
      }),
    );
  }

  /** The process dies: memory, callers and sockets are gone. */
  crash(node: Node): void {
    this.#forget(node);
    const callers = [...node.callers];
    node.callers.clear();
    for (const caller of callers)
      this.#timeline.after(this.#weather.delay(), () => caller({ t: 'failed', marks: RESET }));
    if (node.kind === 'user') return;
    for (const socket of [...node.sockets.values()]) {
      node.sockets.delete(socket.id);
      socket.push(LOST, true);
    }
  }

  /** The disk is lost, and with it all that lay there alone: the next event finds an object that has never lived. */
  lose(node: Node): void {
    this.#observer.lost?.(node);
    this.crash(node);
    wipe(node);
  }

  /** Hibernation: only an object that waits for nothing; its sockets stay. */
  evict(node: Node): void {
    if (node.state !== undefined && node.callers.size === 0 && node.state.calls.size === 0) this.#forget(node);
  }

  /** The network is cut: a new instance is constructed by the next event, while this one goes on with what it remembers. */
  #cut(node: Node): void {
    if (node.state === undefined || node.isGhost || node.ghost !== undefined) return;
    const ghost = ghostOf(node);
    ghost.engine = interpreter<NodeEvent>(this.#ports(ghost));
    this.crash(node);
    node.ghost = ghost;
    this.#observer.cutOff?.(node);
    this.#timeline.after(this.#draw.below(GHOST_MS), () => this.join(node));
  }

  /** The network is whole again: the older instance is gone. */
  join(node: Node): void {
    if (node.ghost !== undefined) this.crash(node.ghost);
    node.ghost = undefined;
  }

  #forget(node: Node): void {
    node.state = undefined;
    node.engine = undefined;
    node.life++;
  }

  /** Lets an object do something, whole or up to where its process dies. */
  #run(node: Node, work: (engine: Interpreter<NodeEvent>) => unknown): boolean {
    try {
      if (node.isGhost && node.engine === undefined) throw new Crashed();
      work(node.engine ?? this.#construct(node));
    } catch (error) {
      if (!(error instanceof Crashed)) throw error;
      return false;
    }
    if (this.#weather.strikes('evict')) this.evict(node);
    else if (this.#weather.strikes('cutOff')) this.#cut(node);
    return true;
  }

  /** Gives it its memory, from its disk. */
  #construct(node: Node): Interpreter<NodeEvent> {
    construct(node);
    const { skewMs } = this.#weather.faults();
    node.skewMs = skewMs === 0 ? 0 : this.#draw.below(2 * skewMs) - skewMs;
    const engine = interpreter<NodeEvent>(this.#ports(node));
    node.engine = engine;
    for (const event of this.#boot(node)) engine.run(event);
    return engine;
  }

  #boot(node: Node): readonly NodeEvent[] {
    return bootEvents(node, `p${this.#draw.u32()}`);
  }

  #nowOf(node: Node): EpochMs {
    return epochMs(this.#timeline.now() + node.skewMs);
  }

  /** The platform of one life of an object. */
  #ports(node: Node): InterpreterPorts<NodeEvent> {
    const { life } = node;
    let [last, effects]: readonly [NodeEvent | undefined, Effects | undefined] = [undefined, undefined];
    return {
      now: () => this.#nowOf(node),
      step: (event, now) => {
        this.#stats.events++;
        const made = step(node, event, now, this.#chance);
        [last, effects] = [event, made];
        if (this.#weather.strikes('crashBeforeCommit')) throw new Crashed();
        return made;
      },
      store: {
        commit: (commit) => {
          // The disk knows its newest instance, and takes nothing of any other.
          if (node.isGhost) {
            this.#observer.occurred?.('ghost → fenced');
            throw new Crashed();
          }
          if (!AT_BOOT.has(last?.t) && this.#weather.strikes('refuseCommit')) throw new TooLarge('drawn');
          node.store.commit(commit);
          this.#stats.rows += commit.rows.length + (commit.alarmAt === undefined ? 0 : 1);
          if (commit.alarmAt !== undefined && commit.alarmAt !== null) this.#scheduleAlarm(node, commit.alarmAt);
        },
      },
      attach: (attachments) => {
        if (node.isGhost) return;
        if (node.kind === 'cell') attach(node, attachments);
        if (node.kind === 'cell' && effects?.busyUntil !== undefined) this.#sweep.said(node.id, effects.busyUntil);
        if (last !== undefined && effects !== undefined) this.#observer.committed(node, effects, last);
        if (this.#weather.strikes('crashAfterCommit')) throw new Crashed();
      },
      push: (frames) => {
        for (const frame of frames) {
          this.#dieHere();
          if (node.kind === 'cell') this.#frame(node, frame);
        }
      },
      busy: (until) => {
        this.#dieHere();
        if (node.kind === 'cell') this.#sweep.mark(node.id, until);
      },
      send: (send, done) => {
        this.#dieHere();
        this.#send(node, send, (reply) => {
          if (node.life === life) this.#run(node, () => done(reply));
        });
      },
      onReply: (call, reply) => onReply(node, call, reply),
      reload: () => {
        reconstruct(node);
        return this.#boot(node);
      },
      abort: () => this.crash(node),
      failed: () => undefined,
    };
  }

  /** Between two things that are published. */
  #dieHere(): void {
    if (this.#weather.strikes('crashMidPublish')) throw new Crashed();
  }

  #frame(node: CellNode, { user, frame, close, only, closeWith }: Effects['frames'][number]): void {
    for (const socket of socketsOf(node, user)) {
      if (only !== undefined && socket.id !== only) continue;
      this.#observer.pushed?.(node, socket, frame, close ? (closeWith?.reason ?? 'moved') : undefined);
      if (close) node.sockets.delete(socket.id);
      socket.push(frame, close);
    }
  }

  #scheduleAlarm(node: Node, at: number): void {
    const ticket = ++node.alarmTicket;
    const late = this.#weather.strikes('lateAlarm') ? this.#draw.below(50_000) : 0;
    this.#timeline.after(at - node.skewMs - this.#timeline.now() + late, () => {
      if (node.alarmTicket !== ticket) return;
      // Given up after six failures: it stays on the disk, in the past, and does not fire.
      if (this.#weather.strikes('loseAlarm')) return;
      this.#fireAlarm(node, 0);
      if (this.#weather.strikes('doubleAlarm'))
        this.#timeline.after(this.#draw.below(5000), () => this.dispatch(node, { t: 'alarm' }));
    });
  }

  /** A handler that died is run again, unless it set an alarm: that one takes the place of the retry. */
  #fireAlarm(node: Node, retries: number): void {
    node.store.commit({ rows: [], alarmAt: null });
    const now = (): EpochMs => this.#nowOf(node);
    const arm = (at: EpochMs): void => {
      node.store.commit({ rows: [], alarmAt: at });
      this.#scheduleAlarm(node, at);
    };
    if (retries > 0) guardRetry({ now, arm });
    const lived = this.#run(node, (engine) => runDue({ now, arm, run: () => engine.run({ t: 'alarm' }) }));
    if (lived || retries >= ALARM_RETRIES || node.store.alarm() !== null) return;
    this.#timeline.after(ALARM_RETRY_MS * 2 ** retries, () => this.#fireAlarm(node, retries + 1));
  }
}

function attach(node: CellNode, attachments: Effects['attachments']): void {
  for (const soft of attachments) {
    for (const socket of socketsOf(node, soft.user)) socket.soft = soft;
  }
}

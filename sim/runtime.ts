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
  type Node,
  type NodeEvent,
  onReply,
  reconstruct,
  step,
} from './node.ts';
import { LOST, type SimSocket, socketsOf } from './socket.ts';
import { RESET } from './stub.ts';
import type { Timeline } from './timeline.ts';

/** The platform runs a handler of an alarm again that failed, so often, and then gives it up. */
const ALARM_RETRIES = 6;
const ALARM_RETRY_MS = 2000;

/** What an object has refused it is rebuilt from, and writes again. */
const AT_BOOT = new Set<NodeEvent['t'] | undefined>(['boot', 'socket_open', 'connected']);

/** Sees every commit before anybody else learns of it. */
export type Observer = {
  readonly committed: (node: Node, effects: Effects, event: NodeEvent) => void;
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
  /** For the cells: of its own, lest it shift what else is drawn. */
  readonly #chance = prng(1).unit;

  constructor({ draw, timeline, weather, observer, stats, send }: RuntimeDeps) {
    this.#draw = draw;
    this.#timeline = timeline;
    this.#weather = weather;
    this.#observer = observer;
    this.#stats = stats;
    this.#send = send;
  }

  /** Runs one event at an object: constructed first if it has no memory. False when the object died of it. */
  dispatch(node: Node, event: NodeEvent): boolean {
    return this.#run(node, (engine) => engine.run(event));
  }

  /** The same for an event that `caller` waits for: it hears the answer, or `failed` when the object dies. */
  request(node: Node, make: (token: number) => NodeEvent, caller: Caller): void {
    node.callers.add(caller);
    this.#run(node, (engine) =>
      engine.request(make, (reply) => {
        this.#dieHere();
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

  /** Hibernation: only an object that waits for nothing; its sockets stay. */
  evict(node: Node): void {
    if (node.state !== undefined && node.callers.size === 0 && node.state.calls.size === 0) this.#forget(node);
  }

  #forget(node: Node): void {
    node.state = undefined;
    node.engine = undefined;
    node.life++;
  }

  /** Lets an object do something, whole or up to where its process dies. */
  #run(node: Node, work: (engine: Interpreter<NodeEvent>) => unknown): boolean {
    try {
      work(node.engine ?? this.#construct(node));
    } catch (error) {
      if (!(error instanceof Crashed)) throw error;
      return false;
    }
    if (this.#weather.strikes('evict')) this.evict(node);
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
          if (!AT_BOOT.has(last?.t) && this.#weather.strikes('refuseCommit')) throw new TooLarge('drawn');
          node.store.commit(commit);
          this.#stats.rows += commit.rows.length + (commit.alarmAt === undefined ? 0 : 1);
          if (commit.alarmAt !== undefined && commit.alarmAt !== null) this.#scheduleAlarm(node, commit.alarmAt);
        },
      },
      attach: (attachments) => {
        if (node.kind === 'cell') attach(node, attachments);
        if (last !== undefined && effects !== undefined) this.#observer.committed(node, effects, last);
        if (this.#weather.strikes('crashAfterCommit')) throw new Crashed();
      },
      push: (frames) => {
        for (const frame of frames) {
          this.#dieHere();
          if (node.kind === 'cell') this.#frame(node, frame);
        }
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

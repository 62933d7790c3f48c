// The simulated runtime of objects. Effects are carried out in the shipping order (rows and alarm in one transaction, then the rest), and
// a crash may fall between any two; processes die, objects are evicted, alarms come late, twice or never.
import { type Prng, prng } from '../lib/prng.ts';
import type { Effects, Send } from '../protocol/effects.ts';
import type { UserId } from '../protocol/ids.ts';
import { problem } from '../protocol/problems.ts';
import {
  type AnyReply,
  bootEvent,
  type CellNode,
  construct,
  type Node,
  type NodeEvent,
  reconstruct,
  step,
} from './node.ts';
import type { Timeline } from './timeline.ts';
import type { Weather } from './weather.ts';

/** A handler whose work was refused runs again so much later. */
const ALARM_GUARD_MS = 30_000;

/** Sees every commit before anybody else learns of it. */
export type Observer = {
  readonly committed: (node: Node, effects: Effects, event: NodeEvent) => void;
};

export type RuntimeDeps = {
  readonly draw: Prng;
  readonly timeline: Timeline;
  readonly weather: Weather;
  readonly observer: Observer;
  readonly stats: { events: number; rows: number };
  /** Takes a call of one object to another. */
  readonly send: (from: Node, send: Send) => void;
};

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

  /** Runs one event at an object: constructed first if it has no memory. */
  dispatch(node: Node, event: NodeEvent): void {
    if (node.state === undefined) this.construct(node);
    this.#runEvent(node, event);
    if (this.#weather.strikes('evict')) this.evict(node);
  }

  /** The process dies: memory, callers and sockets are gone. */
  crash(node: Node): void {
    node.state = undefined;
    node.life++;
    const callers = [...node.waiting.values()];
    node.waiting.clear();
    for (const caller of callers) this.#timeline.after(this.#weather.delay(), () => caller({ t: 'failed' }));
    if (node.kind === 'user') return;
    for (const socket of [...node.sockets.values()]) {
      node.sockets.delete(socket.user);
      this.#timeline.after(this.#weather.delay(), () => socket.push({ t: 'lost' }, true));
    }
  }

  /** Hibernation: only an object that waits for nothing; its sockets stay. */
  evict(node: Node): void {
    if (node.state === undefined || node.waiting.size > 0 || node.state.calls.size > 0) return;
    node.state = undefined;
    node.life++;
  }

  /** Gives it its memory, from its disk. */
  construct(node: Node): void {
    construct(node);
    const { skewMs } = this.#weather.faults();
    node.skewMs = skewMs === 0 ? 0 : this.#draw.below(2 * skewMs) - skewMs;
    this.#runEvent(node, bootEvent(node, `p${this.#draw.u32()}`));
  }

  #runEvent(node: Node, event: NodeEvent): void {
    if (node.state === undefined) return;
    this.#stats.events++;
    const effects = step(node, event, this.#timeline.now(), this.#chance);
    if (this.#weather.strikes('crashBeforeCommit')) {
      this.crash(node);
      return;
    }
    if (effects.rows.length > 0 || effects.alarmAt !== undefined) {
      if (event.t !== 'boot' && this.#weather.strikes('refuseCommit')) {
        this.#refuse(node, event);
        return;
      }
      node.store.commit({ rows: effects.rows, alarmAt: effects.alarmAt });
      this.#stats.rows += effects.rows.length + (effects.alarmAt === undefined ? 0 : 1);
      if (effects.alarmAt !== undefined && effects.alarmAt !== null) this.#scheduleAlarm(node, effects.alarmAt);
    }
    if (node.kind === 'cell') this.#attach(node, effects);
    this.#observer.committed(node, effects, event);
    if (this.#weather.strikes('crashAfterCommit')) {
      this.crash(node);
      return;
    }
    this.#publish(node, effects);
  }

  /** BOUND3: the memory is as the disk has it, sockets stay, and whoever waits is told to ask again. */
  #refuse(node: Node, event: NodeEvent): void {
    const own = event.t === 'request' ? event.token : undefined;
    const callers = [...node.waiting];
    node.waiting.clear();
    for (const [token, caller] of callers) caller(problem(token === own ? 'too_large' : 'busy'));
    reconstruct(node);
    this.#runEvent(node, bootEvent(node, `p${this.#draw.u32()}`));
    if (event.t === 'alarm') this.#timeline.after(ALARM_GUARD_MS, () => this.dispatch(node, { t: 'alarm' }));
  }

  #publish(node: Node, effects: Effects): void {
    const { life } = node;
    const alive = (): boolean => {
      if (node.life === life && this.#weather.strikes('crashMidPublish')) this.crash(node);
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
    this.#timeline.after(this.#weather.delay(), () => socket.push(frame, close));
  }

  #scheduleAlarm(node: Node, at: number): void {
    const ticket = ++node.alarmTicket;
    const late = this.#weather.strikes('lateAlarm') ? this.#draw.below(50_000) : 0;
    this.#timeline.after(at - node.skewMs - this.#timeline.now() + late, () => {
      if (node.alarmTicket !== ticket) return;
      // Given up after six failures: it stays on the disk, in the past, and does not fire.
      if (this.#weather.strikes('loseAlarm')) return;
      node.store.commit({ rows: [], alarmAt: null });
      this.dispatch(node, { t: 'alarm' });
      if (this.#weather.strikes('doubleAlarm'))
        this.#timeline.after(this.#draw.below(5000), () => this.dispatch(node, { t: 'alarm' }));
      // A handler that died is retried by the platform.
      if (node.state === undefined) this.#timeline.after(2000, () => this.dispatch(node, { t: 'alarm' }));
    });
  }
}

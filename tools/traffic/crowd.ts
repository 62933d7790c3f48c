// The users of a presence trace: each is connected while they have rows, and goes where their rows say.
import { VicinalClient } from '../../src/client/client.ts';
import { prng } from '../../src/lib/prng.ts';
import { codeOf, type Manner, type Person, person } from './person.ts';
import type { Stats } from './stats.ts';
import type { TimedRow } from './timeline.ts';

export type CrowdOptions = {
  readonly url: string;
  readonly seed: number;
  readonly manner: Manner;
  readonly stats: Stats;
  readonly tokenFor: (user: string) => Promise<string>;
  readonly nowMs: () => number;
  /** A user leaves when this long has passed without a row. */
  readonly idleMs: number;
};

export type Crowd = {
  readonly feed: (row: TimedRow) => void;
  /** How many users there have been. */
  readonly users: () => number;
  readonly present: () => number;
  readonly stop: () => void;
};

type Member = { readonly person: Person; readonly client: VicinalClient; seenMs: number };

const SWEEP_MS = 1000;
const CAPACITY = 2;

export function crowd(options: CrowdOptions): Crowd {
  const { stats, nowMs } = options;
  const members = new Map<string, Member>();
  const ever = new Set<string>();
  const random = prng(options.seed);
  let stopped = false;
  const failed = (error: unknown): void => {
    const code = codeOf(error);
    // `closed`: they left here while their last point was on its way.
    if (!stopped && code !== 'closed') stats.failed(code);
  };
  // Keys and sessions are not seeded: a second run must not repeat the questions of the first.
  const clientFor = (user: string): VicinalClient =>
    new VicinalClient({ url: options.url, token: () => options.tokenFor(user) });
  const enter = (row: TimedRow, user: string): void => {
    const client = clientFor(user);
    const { manner } = options;
    const point = { lat: row.lat, lng: row.lng };
    const one = person({ client, point, profile: { capacity: CAPACITY }, random: random.fork(), manner, stats, nowMs });
    members.set(user, { person: one, client, seenMs: nowMs() });
    ever.add(user);
  };
  const sweeper = setInterval(() => {
    for (const [user, { person: one, client, seenMs }] of members) {
      if (nowMs() - seenMs < options.idleMs) continue;
      members.delete(user);
      one.stop();
      client.leave().catch(failed);
    }
  }, SWEEP_MS);

  return {
    feed: (row) => {
      const user = userOf(row.who);
      const member = members.get(user);
      // A row without coordinates is no place to connect at; it goes as a call of its own, to be refused by the service.
      if (Number.isNaN(row.lat) || Number.isNaN(row.lng)) {
        const client = member?.client ?? clientFor(user);
        client.presence({ lat: row.lat, lng: row.lng }, { retriesMax: 0 }).catch(failed);
        return;
      }
      if (member === undefined) {
        enter(row, user);
        return;
      }
      member.seenMs = nowMs();
      member.person.moveTo({ lat: row.lat, lng: row.lng }).catch(failed);
    },
    users: () => ever.size,
    present: () => members.size,
    stop: () => {
      stopped = true;
      clearInterval(sweeper);
      for (const member of members.values()) member.person.stop();
    },
  };
}

/** A user id of what a file calls its users. */
export function userOf(who: string): string {
  const id = who.replace(/[^A-Za-z0-9._:@-]/g, '-').slice(0, 100);
  return /^[A-Za-z0-9]/.test(id) ? id : `u${id}`;
}

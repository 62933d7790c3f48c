// Plays a script against a running service: people connect, move, ask, take offers and answer, each through the client library.
import { setTimeout as sleep } from 'node:timers/promises';
import { VicinalClient } from '../../src/client/client.ts';
import type { Point } from '../../src/geo/point.ts';
import type { OfferView } from '../../src/protocol/views.ts';
import { codeOf, type Manner, type Person, person } from './person.ts';
import type { Character, Line, Script } from './script.ts';
import type { Stats } from './stats.ts';

export type ShowOptions = {
  readonly url: string;
  readonly script: Script;
  readonly manner: Manner;
  readonly stats: Stats;
  /** A token for a user id. */
  readonly tokenFor: (user: string) => Promise<string>;
  readonly nowMs: () => number;
  readonly expiresInS: number;
  readonly onAccepted?: (who: Character, offer: OfferView) => void;
};

export type Show = {
  /** Where everybody who is connected is now. */
  readonly positions: () => readonly Point[];
  /** Asks nothing more; what was asked may still be matched. */
  readonly curtain: () => void;
  /** Ends everything at once. */
  readonly stop: () => void;
};

const MOVE_EVERY_MS = 2000;
const ENTRANCES_AT_ONCE = 6;
/** Asking begins when so many have entered, so that the first question finds somebody. */
const FIRST_PEOPLE = 12;

/** Resolves when the first people are connected; the others follow while the show runs. */
export async function play(options: ShowOptions): Promise<Show> {
  const { script, nowMs, stats } = options;
  const startMs = nowMs();
  const stage = new Map<number, Person>();
  const stop = new AbortController();
  const curtain = new AbortController();
  const waiting = script.characters.map((_, index) => index);
  const enterAll = async (upTo: number): Promise<void> => {
    while (stage.size < upTo && !stop.signal.aborted) {
      const index = waiting.shift();
      if (index === undefined) return;
      const entered = enter(options, script.characters[index] as Character, nowMs() - startMs);
      stage.set(index, entered);
      await opened(entered, stop.signal);
    }
  };
  const few = Math.min(FIRST_PEOPLE, script.characters.length);
  await Promise.all(Array.from({ length: ENTRANCES_AT_ONCE }, () => enterAll(few)));
  void Promise.all(Array.from({ length: ENTRANCES_AT_ONCE }, () => enterAll(script.characters.length)));

  const mover = setInterval(() => {
    for (const [index, one] of stage) {
      const point = (script.characters[index] as Character).route(nowMs() - startMs);
      one.moveTo(point).catch((error: unknown) => {
        if (!stop.signal.aborted) stats.failed(codeOf(error));
      });
    }
  }, MOVE_EVERY_MS);
  void ask(options, stage, curtain.signal);

  return {
    positions: () => [...stage.values()].map((one) => one.point()),
    curtain: () => curtain.abort(),
    stop: () => {
      curtain.abort();
      stop.abort();
      clearInterval(mover);
      for (const one of stage.values()) one.stop();
    },
  };
}

function enter(options: ShowOptions, who: Character, atMs: number): Person {
  const { topics, languages, capacity, random } = who;
  return person({
    client: new VicinalClient({ url: options.url, token: () => options.tokenFor(who.id) }),
    point: who.route(atMs),
    profile: { topics, languages, capacity },
    random,
    manner: options.manner,
    stats: options.stats,
    nowMs: options.nowMs,
    onAccepted: (offer) => options.onAccepted?.(who, offer),
  });
}

async function ask(options: ShowOptions, stage: ReadonlyMap<number, Person>, end: AbortSignal): Promise<void> {
  const { script, nowMs, expiresInS } = options;
  const startMs = nowMs();
  for (const line of script.lines()) {
    await sleep(Math.max(0, line.atMs - (nowMs() - startMs)), undefined, { signal: end }).catch(() => {});
    if (end.aborted) return;
    const index = stage.has(line.asker) ? line.asker : line.asker % Math.max(1, stage.size);
    const asker = stage.get(index);
    if (asker !== undefined) void asker.ask({ ...questionOf(line, asker), expiresInS });
  }
}

function questionOf({ text, topic, languages, answersWanted }: Line, asker: Person) {
  const { lat, lng } = asker.point();
  return {
    lat,
    lng,
    text,
    answersWanted,
    ...(topic === undefined ? {} : { topic }),
    ...(languages === undefined ? {} : { languages }),
  };
}

async function opened({ connection }: Person, stop: AbortSignal): Promise<void> {
  for (let i = 0; i < 200 && connection.state === 'connecting' && !stop.aborted; i++) await sleep(10);
}

// Somebody who is asked: accepts most offers after a moment, answers what they accepted, and may ask as well.
import type { NewQuestion } from '../../src/client/calls.ts';
import type { VicinalClient } from '../../src/client/client.ts';
import type { Connection } from '../../src/client/connection.ts';
import type { ClientPoint, ClientProfile } from '../../src/client/pings.ts';
import { VicinalError } from '../../src/client/vicinal-error.ts';
import type { Prng } from '../../src/lib/prng.ts';
import type { OfferView, UserEvent } from '../../src/protocol/views.ts';
import type { Stats } from './stats.ts';

/** How people take offers; times are drawn evenly between both ends. */
export type Manner = {
  readonly acceptPercent: number;
  readonly decideMs: readonly [min: number, max: number];
  readonly answerMs: readonly [min: number, max: number];
};

export type PersonOptions = {
  readonly client: VicinalClient;
  readonly point: ClientPoint;
  readonly profile: ClientProfile;
  readonly random: Prng;
  readonly manner: Manner;
  readonly stats: Stats;
  readonly nowMs: () => number;
  readonly onAccepted?: (offer: OfferView) => void;
};

export type Person = {
  readonly connection: Connection;
  /** Where they are, or last wished to be. */
  readonly point: () => ClientPoint;
  readonly moveTo: (point: ClientPoint) => Promise<unknown>;
  readonly ask: (question: NewQuestion) => Promise<void>;
  /** Decides nothing more, and closes the connection. */
  readonly stop: () => void;
};

/** Refusals that are part of the game: the offer ended while they thought about it. */
const LATE: ReadonlySet<string> = new Set(['offer_gone', 'question_ended', 'offer_declined', 'unknown_offer']);

export function person({ client, point, profile, random, manner, stats, nowMs, onAccepted }: PersonOptions): Person {
  const timers = new Map<string, ReturnType<typeof setTimeout>>();
  let stopped = false;
  const failed = (error: unknown): void => {
    if (stopped) return;
    const code = codeOf(error);
    if (LATE.has(code)) stats.late(code);
    else stats.failed(code);
  };
  const later = (id: string, [min, max]: readonly [number, number], work: () => Promise<void>): void => {
    const run = (): void => {
      timers.delete(id);
      work().catch(failed);
    };
    timers.set(id, setTimeout(run, min + random.unit() * (max - min)));
  };
  const forget = (id: string): void => {
    clearTimeout(timers.get(id));
    timers.delete(id);
  };
  const decide = (offer: OfferView): void => {
    const willing = random.chance(manner.acceptPercent, 100);
    later(offer.id, manner.decideMs, async () => {
      if (!willing) {
        await connection.decline(offer.id);
        stats.declined();
        return;
      }
      const taken = await connection.accept(offer.id);
      if (stopped) return;
      stats.accepted(taken);
      onAccepted?.(taken);
      later(offer.id, manner.answerMs, async () => {
        await connection.answer(offer.id, random.pick(ANSWERS));
      });
    });
  };
  const onEvent = (event: UserEvent): void => {
    if (stopped) return;
    const { type, data } = event;
    if ('question' in data) stats.told(event);
    else if (type === 'offer.made') decide(data);
    else forget(data.id);
  };
  const connection = client.connect({ point, ...profile, onEvent, onError: failed, eager: true });
  let here = point;
  return {
    connection,
    point: () => here,
    moveTo: (next) => {
      here = next;
      return connection.setPoint(next);
    },
    ask: async (question) => {
      const startedMs = nowMs();
      try {
        stats.asked(await connection.ask(question), startedMs);
      } catch (error) {
        failed(error);
      }
    },
    stop: () => {
      stopped = true;
      for (const id of [...timers.keys()]) forget(id);
      connection.close();
    },
  };
}

export function codeOf(error: unknown): string {
  return error instanceof VicinalError ? error.code : error instanceof Error ? error.name : String(error);
}

const ANSWERS = [
  'On my way.',
  'Yes, I am right there.',
  'Give me two minutes.',
  'It is just around the corner.',
  'Yes!',
];

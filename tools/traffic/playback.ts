// Plays two traces against a running service, in time, faster than they were: positions by a crowd, questions by askers.

import { pause } from '../../src/client/back-off.ts';
import { VicinalClient } from '../../src/client/client.ts';
import { type Asker, asker } from './asker.ts';
import { crowd } from './crowd.ts';
import type { Manner } from './person.ts';
import type { Stats } from './stats.ts';
import { type TimedRow, type TimelineOptions, timeline } from './timeline.ts';

export type PlaybackOptions = {
  readonly url: string;
  readonly presence: TimelineOptions;
  readonly questions: TimelineOptions;
  /** Trace seconds in one second. */
  readonly speed: number;
  readonly seed: number;
  readonly stats: Stats;
  readonly tokenFor: (user: string) => Promise<string>;
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
  readonly onProgress: (offsetMs: number, present: number) => void;
};

export type PlaybackResult = {
  readonly rows: number;
  readonly users: number;
  /** Doubtful rows among those that were played, by reason. */
  readonly badRows: Readonly<Record<string, number>>;
};

const ASKERS = 24;
/** Trace time without a row after which a user has left; cabs and buses report about once a minute. */
const IDLE_TRACE_MS = 15 * 60_000;
const IDLE_MIN_MS = 10_000;
/** How people behave by the clock of the trace. */
const DECIDE_TRACE_MS = [5000, 40_000] as const;
const ANSWER_TRACE_MS = [30_000, 240_000] as const;
/** A question waits for an hour of the trace, but long enough to be looked at. */
const EXPIRES_TRACE_S = 3600;
const EXPIRES_MIN_S = 30;
const DRAIN_MS = 10_000;

/** Resolves at the end of both traces, when what was asked has had a moment to end, or at the signal. */
export async function playback(options: PlaybackOptions): Promise<PlaybackResult> {
  const { speed, stats, nowMs, signal, url, seed, tokenFor } = options;
  const manner = mannerAt(speed);
  const idleMs = Math.max(IDLE_MIN_MS, IDLE_TRACE_MS / speed);
  const people = crowd({ url, seed, manner, stats, tokenFor, nowMs, idleMs });
  const askers = Array.from({ length: ASKERS }, (_, i): Asker => {
    const token = (): Promise<string> => tokenFor(`asker-${i + 1}`);
    return asker(new VicinalClient({ url, token }), stats, nowMs);
  });
  const badRows: Record<string, number> = {};
  let rows = 0;
  let asked = 0;
  const count = ({ bad }: TimedRow): void => {
    rows += 1;
    if (bad !== undefined) badRows[bad] = (badRows[bad] ?? 0) + 1;
  };
  const clock = { startMs: nowMs(), ...options };
  try {
    await Promise.all([
      inTime(timeline(options.presence), clock, (row) => {
        count(row);
        people.feed(row);
        options.onProgress(row.offsetMs, people.present());
      }),
      inTime(timeline(options.questions), clock, (row) => {
        count(row);
        asked += 1;
        void (askers[asked % ASKERS] as Asker).ask(questionOf(row, speed));
      }),
    ]);
    const drainUntilMs = nowMs() + DRAIN_MS;
    while (stats.live().length > 0 && nowMs() < drainUntilMs && !signal.aborted) await pause(200, signal);
    return { rows, users: people.users(), badRows };
  } finally {
    people.stop();
    for (const one of askers) one.stop();
  }
}

export function mannerAt(speed: number): Manner {
  const at = ([min, max]: readonly [number, number]): readonly [number, number] => [min / speed, max / speed];
  return { acceptPercent: 90, decideMs: at(DECIDE_TRACE_MS), answerMs: at(ANSWER_TRACE_MS) };
}

type Clock = {
  readonly startMs: number;
  readonly speed: number;
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
};

async function inTime(rows: AsyncIterable<TimedRow>, clock: Clock, play: (row: TimedRow) => void): Promise<void> {
  const { startMs, speed, nowMs, signal } = clock;
  for await (const row of rows) {
    const earlyMs = startMs + row.offsetMs / speed - nowMs();
    // Timers are not finer than this; what is due within it is played at once.
    if (earlyMs > 2) await pause(earlyMs, signal);
    if (signal.aborted) return;
    play(row);
  }
}

function questionOf({ lat, lng, topic }: TimedRow, speed: number) {
  const name = topicOf(topic);
  return {
    lat,
    lng,
    text: topic === '' ? 'Can somebody help here?' : `${topic}: can somebody look at it?`.slice(0, 2000),
    ...(name === '' ? {} : { topic: name }),
    expiresInS: Math.max(EXPIRES_MIN_S, Math.round(EXPIRES_TRACE_S / speed)),
  };
}

/** What the file calls the kind, with the characters that a topic may have. */
export function topicOf(kind: string): string {
  return kind
    .replace(/[^\p{L}\p{N}\p{M} ._:/&+-]/gu, ' ')
    .replace(/^[^\p{L}\p{N}]+/u, '')
    .slice(0, 64)
    .trim();
}

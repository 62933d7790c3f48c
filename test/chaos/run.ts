// One run: a service, a bad network before it, a crowd, a killer; then peace, and the checks.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { prng } from '../../src/lib/prng.ts';
import type { QuestionId, UserId } from '../../src/protocol/ids.ts';
import { signToken } from '../../tools/support/token.ts';
import { rollOut } from '../../tools/traffic/rollout.ts';
import { type Divider, type Outcome, openDivider } from './divider.ts';
import { evidenceOf } from './evidence.ts';
import { inspector, whenSettled } from './finish.ts';
import type { Final, History, Member } from './history.ts';
import { person } from './person.ts';
import { type ChaosProxy, openProxy } from './proxy.ts';
import { type Recorder, recorder } from './recorder.ts';
import { settling } from './settle.ts';
import { slotsLeaked } from './slots.ts';
import { CHAOS_CITY } from './town.ts';
import { openVictim, type Victim } from './victim.ts';
import type { Violation } from './violation.ts';

export type ChaosOptions = {
  readonly kills: number;
  readonly seconds: number;
  readonly users: number;
  /** How many cells are split and merged again meanwhile. */
  readonly splits: number;
  readonly seed: number;
  readonly dataDir: string;
  readonly onLog: (line: string) => void;
  /** What is going on, for whoever looks. */
  readonly onPhase: (text: string) => void;
  readonly onProgress: (elapsedMs: number, note: string) => void;
  readonly stop: AbortSignal;
};

export type ChaosSummary = {
  readonly kills: number;
  readonly splits: number;
  readonly merges: number;
  readonly asked: number;
  readonly acknowledged: number;
  readonly lost: number;
  readonly doubleAccepts: number;
  readonly duplicateEvents: number;
  readonly violations: number;
};

export type ChaosResult = {
  readonly summary: ChaosSummary;
  readonly violations: readonly Violation[];
  readonly numbers: {
    readonly accepted: number;
    readonly answered: number;
    readonly events: number;
    readonly drops: number;
    readonly stalls: number;
    /** Refusals by code: part of the game. */
    readonly refusals: Readonly<Record<string, number>>;
  };
};

const TOKEN_TTL_S = 24 * 3600;
/** Calls that have no answer this long after the last fault will get none. */
const DEFINITE_WITHIN_MS = 60_000;
/** The longest legal wait: an expiry, then an event whose sending a crash cut off, with its back-off. */
const SETTLED_WITHIN_MS = 150_000;
const HELD_WITHIN_MS = 60_000;

export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const { seed, dataDir, onLog } = options;
  const random = prng(seed);
  const proxy = await openProxy(random.fork());
  const deaths: Violation[] = [];
  let victim: Victim | undefined;
  try {
    const onDeath = (how: string): void => void deaths.push({ rule: 'LIVE1', text: how });
    victim = await openVictim(dataDir, proxy, random.fork(), { onLog, onDeath });
    return await within(options, victim, proxy, deaths);
  } finally {
    await proxy.close();
    await victim?.stop();
  }
}

async function within(
  options: ChaosOptions,
  victim: Victim,
  proxy: ChaosProxy,
  deaths: readonly Violation[],
): Promise<ChaosResult> {
  const random = prng(options.seed + 1);
  const { url, secret } = victim.service();
  const tokenOf = (user: string): Promise<string> => signToken({ sub: user, scope: 'user', secret, ttlS: TOKEN_TTL_S });
  const token = await signToken({ sub: 'chaos', scope: 'ops', secret, ttlS: TOKEN_TTL_S });
  await rollOut(url, token, CHAOS_CITY);
  const plan = { url, token, city: CHAOS_CITY.id, splits: options.splits };
  const divider = await openDivider(plan, prng(options.seed + 2));
  const members: readonly Member[] = Array.from({ length: options.users }, (_, i) => ({
    user: `u${i + 1}` as UserId,
    capacity: 1 + random.below(3),
  }));
  const tokens = await Promise.all(members.map(({ user }) => tokenOf(user)));
  const seen = recorder(members);
  const calls = settling(random.fork().unit);
  const crowd = members.map((member, i) =>
    person({
      member,
      way: i % 2 === 0 ? 'socket' : 'http',
      url: proxy.url,
      token: tokens[i] as string,
      random: random.fork(),
      recorder: seen,
      settling: calls,
    }),
  );
  const eyes = inspector(url, members, tokenOf);
  const look = async (held: boolean): Promise<History> => seen.history(await eyes.look(askedIn(seen), held));
  let map: Outcome;
  try {
    await torment(options, victim, divider, seen);
    proxy.heal();
    for (const one of crowd) one.quieten();
    options.onPhase('no more faults: waiting for what is under way to end …');
    map = await divider.rest();
    await until(() => calls.open() === 0, DEFINITE_WITHIN_MS);
    const onLate = (late: number): void => {
      if (late > 0) options.onPhase(`${late} things are not yet as they must be`);
    };
    await whenSettled(() => look(false), SETTLED_WITHIN_MS, onLate);
  } finally {
    calls.giveUp();
    for (const one of crowd) one.stop();
  }
  await until(() => calls.open() === 0, DEFINITE_WITHIN_MS);
  options.onPhase('checking …');
  const { history, violations: wrong } = await whenSettled(
    () => look(true),
    HELD_WITHIN_MS,
    () => {},
  );
  const leaked = await slotsLeaked(members, eyes, { url, token: await tokenOf('observer') });
  const violations = [...deaths, ...map.violations, ...wrong, ...leaked];
  if (violations.length > 0) keepHistory(options.dataDir, history, violations);
  return resultOf(victim, proxy, history, { ...map, violations });
}

async function torment(
  { kills, seconds, onProgress, stop }: ChaosOptions,
  victim: Victim,
  divider: Divider,
  seen: Recorder,
): Promise<void> {
  const startMs = Date.now();
  const tell = (): void => onProgress(Date.now() - startMs, noteOf(victim, seen));
  const timer = setInterval(tell, 250);
  try {
    await Promise.all([victim.torment(kills, seconds * 1000, stop), divider.torment(seconds * 1000, stop)]);
  } finally {
    clearInterval(timer);
  }
  tell();
}

function askedIn(seen: Recorder): ReadonlyMap<QuestionId, UserId> {
  return evidenceOf(seen.history(NOTHING)).asked;
}

function resultOf(
  victim: Victim,
  proxy: ChaosProxy,
  history: History,
  { splits, merges, violations }: Outcome,
): ChaosResult {
  const count = (kind: Violation['kind']): number => violations.filter((one) => one.kind === kind).length;
  const firsts = history.asks.filter(({ kind }) => kind === 'first');
  const refusals: Record<string, number> = {};
  for (const { outcome } of [...history.deeds, ...history.cancels, ...history.asks]) {
    if (outcome.t === 'refused') refusals[outcome.code] = (refusals[outcome.code] ?? 0) + 1;
  }
  const evidence = evidenceOf(history);
  return {
    summary: {
      kills: victim.kills(),
      splits,
      merges,
      asked: firsts.length,
      acknowledged: firsts.filter(({ outcome }) => outcome.t === 'done').length,
      lost: count('lost'),
      doubleAccepts: count('doubleAccept'),
      duplicateEvents: count('duplicateEvent'),
      violations: violations.length,
    },
    violations,
    numbers: {
      accepted: new Set(evidence.done('accept').map(({ offer }) => offer)).size,
      answered: evidence.done('answer').length,
      events: [...evidence.events.values()].flat().length,
      ...proxy.counts(),
      refusals,
    },
  };
}

function noteOf(victim: Victim, seen: Recorder): string {
  const { asked, acknowledged, accepted } = seen.counts();
  return `kills ${victim.kills()}  asked ${asked}  acknowledged ${acknowledged}  accepted ${accepted}`;
}

/** For whoever looks for the cause, beside the data itself. */
function keepHistory(dataDir: string, history: History, violations: readonly Violation[]): void {
  const plain = (_: string, value: unknown): unknown => (value instanceof Map ? Object.fromEntries(value) : value);
  writeFileSync(join(dataDir, 'history.json'), JSON.stringify({ violations, ...history }, plain));
}

async function until(check: () => boolean, withinMs: number): Promise<void> {
  const deadlineMs = Date.now() + withinMs;
  while (!check() && Date.now() < deadlineMs) await new Promise((resolve) => setTimeout(resolve, 100));
}

const NOTHING: Final = {
  questions: new Map(),
  listed: new Map(),
  inbox: new Map(),
  offers: new Map(),
  held: new Map(),
};

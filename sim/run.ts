// One seed: a world, its people, its faults, its checkers; then faults stop, and everything must come to an end.
import type { Carried } from '../src/city/cell-load.ts';
import { prng } from '../src/lib/prng.ts';
import type { CellId, UserId } from '../src/protocol/ids.ts';
import { checkersOf } from './checkers/all.ts';
import type { Checker, Violation } from './checkers/checker.ts';
import { newLedger } from './ledger.ts';
import { loseStorage, noteLoss } from './loss.ts';
import { SIM_POLICY, simMap } from './map.ts';
import type { Node } from './node.ts';
import { ops } from './ops.ts';
import { forkOf, type SimOptions } from './options.ts';
import type { Observer } from './runtime.ts';
import { type Agent, agent, somewhere } from './sim-user.ts';
import { type Situations, situations } from './situations.ts';
import { type Stats, World } from './world.ts';

export type SimReport = {
  readonly seed: number;
  readonly stats: Stats;
  readonly questions: number;
  readonly matches: number;
  /** Splits and merges that came about. */
  readonly swaps: number;
  /** Merges that began by themselves. */
  readonly rejoined: number;
  readonly removed: boolean;
  /** A removal of the city was taken back. */
  readonly kept: boolean;
  readonly situations: Situations;
  readonly violations: readonly Violation[];
};

/** Apart from what the seed draws otherwise. */
const WHIMS = 1_000_003;
const MINUTE_MS = 60_000;
const SAMPLE_MS = 5000;
const REJOIN_MS = 20_000;
/** Nobody is told to wait longer than two minutes. */
const TURNED_AWAY_MS = 2.5 * MINUTE_MS;
/** Long enough after the faults for every back-off, lease and expiry to run out. */
const CALM_MS = 5 * MINUTE_MS;
/** Whose limit is higher asks too many at no time. */
const BURST_MAX = 5;
/** By then news of before has come. */
const BURST_MS = 2.5 * MINUTE_MS;
const END_MS = 14 * MINUTE_MS;
const LOOK_MS = MINUTE_MS;

export function runSeed(options: SimOptions): SimReport {
  const violations: Violation[] = [];
  const checkers: Checker[] = [];
  const told = new Map<CellId, Carried>();
  const occurred = situations();
  const changedAt = new Map<Node, number>();
  const observer: Observer = {
    occurred: occurred.add,
    cutOff: (node) => {
      for (const checker of checkers) checker.cutOff?.(node);
    },
    lost: (node) => {
      noteLoss(ledger, node);
      occurred.forget(node);
      occurred.add(node.kind === 'cell' ? `lost ${node.state?.role.phase.t ?? 'asleep'}` : 'lost user');
      for (const checker of checkers) checker.lost?.(node);
    },
    committed: (node, effects, event) => {
      if (effects.load !== undefined) told.set(effects.load.cell, effects.load);
      occurred.note(node, effects, event);
      if (effects.rows.some(({ table, key }) => table === 'meta' && key === 'life')) changedAt.set(node, world.now);
      for (const checker of checkers) checker.committed?.(node, effects, event);
    },
    pushed: (node, socket, frame, closed) => {
      if (closed !== undefined) occurred.closed(closed);
      for (const checker of checkers) checker.pushed?.(node, socket, frame, closed);
    },
    called: (isolate, cell, kind, what) => {
      if (what === 'shed') occurred.shed(kind);
      for (const checker of checkers) checker.called?.(isolate, cell, kind, what);
    },
  };
  const draw = forkOf(options);
  const world = new World(simMap(options.cells, '9q8yyk', policyOf(options)), draw.fork(), options, observer);
  const ledger = newLedger();
  const agents = people(world, ledger, draw, options);
  // A few ask much: keys are used again, capacities are run into.
  const askers = agents.slice(0, Math.max(2, Math.ceil(agents.length / 3)));
  const byId = new Map(agents.map((one) => [one.user, one]));
  const report = (rule: string, what: string): void => {
    if (violations.length < 20) violations.push({ rule, what, atMs: world.now });
  };
  let pinging: readonly UserId[] = [...new Set(agents.map(({ user }) => user))];
  // A city may set its limits so low that it has no place for everybody: who is told so need not be matchable.
  const isTurnedAway = (user: UserId): boolean =>
    agents.some((one) => one.user === user && one.refusedAt() > world.now - TURNED_AWAY_MS);
  if (options.check) {
    const capacityOf = (user: UserId): number => byId.get(user)?.profile.capacity ?? 0;
    const isAway = (user: UserId): boolean => agents.some((one) => one.user === user && one.isAway());
    const present = (): readonly UserId[] =>
      world.map.cityState() === 'removed' ? [] : pinging.filter((user) => !isTurnedAway(user) && !isAway(user));
    checkers.push(...checkersOf({ world, ledger, report }, capacityOf, present));
  }
  const each = (periodMs: number, until: number, run: () => void): void => {
    for (let at = world.now + periodMs; at <= until; at += periodMs) world.after(at - world.now, run);
  };
  const start = world.now;
  const calm = start + options.minutes * MINUTE_MS;
  each(MINUTE_MS, calm + CALM_MS + END_MS, world.sweep.minute);
  for (let n = 0; n < options.questions; n++)
    world.after(draw.below(options.minutes * MINUTE_MS), () => draw.pick(askers).ask(n));
  burst(world, askers, options, calm - start);
  const team = ops(world, draw.fork());
  // Some while faults strike, some while all is well and every arrival is watched.
  const changesMs = options.minutes * MINUTE_MS + CALM_MS;
  for (let n = 0; n < options.splits; n++) world.after(draw.below(changesMs), team.split);
  for (let n = 0; n < options.merges; n++) world.after(draw.below(changesMs), team.merge);
  if (options.rejoins === true) each(REJOIN_MS, calm + CALM_MS, () => team.rejoin(told));
  loseStorage(world, draw.fork(), options, changedAt);
  if (options.removed) world.after(draw.below(changesMs), team.remove);
  world.run(calm);
  world.heal();
  for (const one of agents) one.wake();
  // A sweep finds what a lost alarm left behind; where the hint was lost too, somebody must come by.
  world.sweep.round();
  world.sweep.passBy();
  world.run(calm + MINUTE_MS);
  each(SAMPLE_MS, calm + CALM_MS, () => {
    for (const checker of checkers) checker.healed?.();
  });
  world.run(calm + CALM_MS);
  pinging = [];
  for (const one of agents) one.stop();
  world.run(calm + CALM_MS + END_MS - 30_000);
  for (const one of agents) one.poll();
  world.run(calm + CALM_MS + END_MS);
  for (const checker of checkers) checker.rested?.();
  world.sweep.look();
  world.run(calm + CALM_MS + END_MS + LOOK_MS);
  for (const checker of checkers) checker.ended?.();
  return {
    seed: options.seed,
    stats: world.stats,
    questions: ledger.asked.size,
    matches: ledger.accepted.size,
    swaps: world.map.swaps(),
    rejoined: team.rejoined(),
    removed: world.map.cityState() === 'removed',
    kept: team.kept(),
    situations: occurred.seen,
    violations,
  };
}

function policyOf({ cooldownMs, eventsPerS, crowd, openMax = 20 }: SimOptions): unknown {
  const question = { ...SIM_POLICY.question, openMax };
  return { ...SIM_POLICY, cooldownMs, question, limits: { eventsPerS, users: crowd, mergeAfterS: 60 } };
}

/** OPEN1: some ask at once for more than they may have open, while faults strike and when all is well. */
function burst(
  world: World,
  askers: readonly Agent[],
  { seed, openMax = 20, questions }: SimOptions,
  calmMs: number,
): void {
  if (openMax > BURST_MAX) return;
  const whims = prng(seed + 2 * WHIMS);
  let n = questions;
  const moments = [whims.below(calmMs), calmMs + BURST_MS + whims.below(CALM_MS - BURST_MS)];
  for (const ms of moments) {
    const one = whims.pick(askers);
    for (let asks = openMax + 2; asks > 0; asks--) {
      const number = n++;
      world.after(ms + whims.below(1000), () => one.ask(number));
    }
  }
}

function people(
  world: World,
  ledger: ReturnType<typeof newLedger>,
  draw: ReturnType<typeof forkOf>,
  options: SimOptions,
): readonly Agent[] {
  const whims = prng(options.seed + WHIMS);
  const make = (user: UserId, device: string, twin: boolean, profile?: Agent['profile']): Agent => {
    const one = agent(world, ledger, draw.fork(), {
      user,
      device,
      twin,
      whims,
      silent: draw.chance(1, 2),
      at: somewhere(world.map, draw),
      socket: draw.chance(1, 2),
      still: draw.chance(1, 3),
      nervous: draw.chance(options.nervous, 100),
      deaf: options.deaf > 0 && draw.chance(options.deaf, 100),
      plain: options.plain > 0 && draw.chance(options.plain, 100),
      ...(profile === undefined ? {} : { profile }),
    });
    one.start();
    return one;
  };
  const twins = new Set<string>();
  for (let i = 0; i < options.users; i++) if (draw.chance(options.twins, 100)) twins.add(`user${i}`);
  const first = Array.from({ length: options.users }, (_, i) => make(`user${i}` as UserId, 'a', twins.has(`user${i}`)));
  // Some have a second device, in another place: whichever pinged last has them.
  const second = first.filter(({ user }) => twins.has(user)).map(({ user, profile }) => make(user, 'b', true, profile));
  return [...first, ...second];
}

// One sampled world: some neighbouring cells and the people in them, with the shipping steps and without faults, every rule
// checked. What is counted: the presence of people in the counted cells during the window, and every question asked there and
// then, to its very end, a day after which its rows go.

import { checkersOf } from '../../sim/checkers/all.ts';
import type { Checker, Violation } from '../../sim/checkers/checker.ts';
import { newLedger } from '../../sim/ledger.ts';
import { mapOf } from '../../sim/map.ts';
import type { Node } from '../../sim/node.ts';
import { NO_FAULTS } from '../../sim/options.ts';
import { World } from '../../sim/world.ts';
import { type Prng, prng } from '../../src/lib/prng.ts';
import { resolvePolicy } from '../../src/matching/policy.ts';
import { type CellId, homeOf, type QuestionId, type UserId } from '../../src/protocol/ids.ts';
import { type Book, bill } from './bill.ts';
import { citizen, type Town } from './citizen.ts';
import { crowdOf, type Habits, type People } from './crowd.ts';
import { noUsage, type Usage } from './usage.ts';

export type SampleSpec = {
  readonly seed: number;
  readonly cells: readonly CellId[];
  readonly counted: readonly CellId[];
  readonly people: People;
  readonly habits: Habits;
  /** Beside the defaults; any JSON. */
  readonly policy: unknown;
  /** Of the world's time; people stay longer, so that what was asked last is answered too. */
  readonly windowMs: readonly [from: number, to: number];
  readonly endMs: number;
};

/** What one cell had. */
export type CellShare = {
  readonly presence: Usage;
  readonly questions: Usage;
  asked: number;
  matched: number;
  /** Most events in any ten seconds, a second. */
  peakEventsPerS: number;
  /** People matchable here at that time. */
  peakUsers: number;
};

export type SampleResult = {
  readonly shares: ReadonlyMap<CellId, CellShare>;
  /** From the question to the first accept. */
  readonly waitsMs: readonly number[];
  /** Steps of all objects in each hour of the world's time. */
  readonly eventsByHour: readonly number[];
  readonly violations: readonly Violation[];
  /** Of the whole world, what is not counted too. */
  readonly people: number;
  readonly events: number;
  /** Cells that became too hot and were split by the shipping protocol. */
  readonly splits: number;
};

/** Mean time of a message on its way between two objects, or from a phone. */
const DELAY_MS = 10;
const LOOK_MS = 5000;
/** The platform puts an object to sleep after so long. */
const SLEEP_MS = 10_000;
const ENDING_MS = 17 * 60_000;
/** Rows of a question go a day after its end, what its people know of it two days after. */
const TAIL_MS = 51 * 3_600_000;
const KEPT_MS = 23 * 3_600_000;
const VIOLATIONS_MAX = 20;
const BUCKET_MS = 10_000;

export function runSample(spec: SampleSpec): SampleResult {
  const resolved = resolvePolicy(spec.policy);
  if (!resolved.ok) throw new Error(`the policy is bad: ${JSON.stringify(resolved.error)}`);
  const draw = prng(spec.seed);
  const map = mapOf(spec.cells, resolved.value);
  const shares = new Map<CellId, CellShare>(spec.counted.map((cell) => [cell, emptyShare()]));
  const violations: Violation[] = [];
  const waitsMs: number[] = [];
  const eventsByHour: number[] = Array.from({ length: 24 }, () => 0);
  const open = new Map<QuestionId, number>();
  const homes = new Map<QuestionId, CellShare>();
  const lastAt = new Map<Node, number>();
  const rootOf = rootsOf(spec.cells);
  const rate = rates(shares, rootOf);
  let checkers: readonly Checker[] = [];
  const world: World = new World(
    map,
    draw.fork(),
    { faults: NO_FAULTS, delayMs: DELAY_MS },
    {
      committed: (node, effects, event) => {
        lastAt.set(node, world.now);
        counts.committed(node, effects, event);
        const hour = Math.floor((world.now - start) / 3_600_000) % 24;
        if (event.t !== 'boot' && world.now < end) eventsByHour[hour] = (eventsByHour[hour] ?? 0) + 1;
        for (const checker of checkers) checker.committed?.(node, effects, event);
        if (node.kind !== 'cell') return;
        if (event.t !== 'boot' && isIn()) rate.count(node.id, world.now, node.state?.roster.size() ?? 0);
        for (const { table, key } of effects.rows) if (table === 'questions') note(node, key as QuestionId);
      },
    },
  );
  const start = world.now;
  const end = start + spec.endMs;
  const isIn = (): boolean => world.now - start >= spec.windowMs[0] && world.now - start < spec.windowMs[1];
  const book: Book = ({ question, cell }) => {
    if (question !== undefined) return homes.get(question)?.questions;
    return cell === undefined || !isIn() ? undefined : shares.get(rootOf(cell))?.presence;
  };
  const counts = bill(book, () => world.now);
  const note = (node: Node, id: QuestionId): void => {
    const at = open.get(id);
    const question = node.kind === 'cell' ? node.state?.questions.get(id) : undefined;
    if (at === undefined || question === undefined) return;
    if (!question.offers.some(({ state }) => state === 'accepted')) return;
    open.delete(id);
    waitsMs.push(world.now - at);
    const share = homes.get(id);
    if (share !== undefined) share.matched++;
  };
  const ledger = newLedger();
  const town: Town = {
    world,
    ledger,
    bill: counts,
    pingMs: spec.habits.pingS * 1000,
    present: new Set(),
    handled: new Map(),
    // Questions are kept for a day after their end: what is older than that at the end of the run cannot be looked up.
    keeps: () => world.now > end + ENDING_MS - KEPT_MS,
    asked: (id) => {
      const cell = map.leafCovering(homeOf(id));
      const share = cell === undefined ? undefined : shares.get(rootOf(cell));
      if (share === undefined || !isIn()) return;
      share.asked++;
      homes.set(id, share);
      open.set(id, world.now);
    },
  };
  const capacities = peopled(town, spec, draw);
  const report = (rule: string, what: string): void => {
    if (violations.length < VIOLATIONS_MAX) violations.push({ rule, what, atMs: world.now - start });
  };
  checkers = checkersOf(
    { world, ledger, report },
    (user) => capacities.get(user) ?? 0,
    () => [...town.present],
  );
  for (let at = start + LOOK_MS; at < end + ENDING_MS; at += LOOK_MS) {
    world.run(at);
    for (const checker of checkers) checker.healed?.();
    for (const node of world.cells.values()) drowse(world, node, lastAt);
    for (const node of world.users.values()) drowse(world, node, lastAt);
  }
  for (const checker of checkers) checker.ended?.();
  checkers = [];
  world.run(end + ENDING_MS + TAIL_MS);
  rate.finish();
  return {
    shares,
    waitsMs,
    eventsByHour,
    violations,
    people: capacities.size,
    events: world.stats.events,
    splits: map.swaps(),
  };
}

function drowse(world: World, node: Node, lastAt: ReadonlyMap<Node, number>): void {
  if (node.state !== undefined && (lastAt.get(node) ?? 0) <= world.now - SLEEP_MS) world.evict(node);
}

/** Plans everybody's stays; answers with what each can take. */
function peopled(town: Town, { people, cells, habits }: SampleSpec, draw: Prng): ReadonlyMap<UserId, number> {
  const capacities = new Map<UserId, number>();
  for (const life of crowdOf(people, cells, habits, draw.fork())) {
    capacities.set(life.user, life.profile.capacity);
    citizen(town, life, draw.fork());
  }
  return capacities;
}

/** What a cell was part of before it came of a split here. */
function rootsOf(cells: readonly CellId[]): (cell: CellId) => CellId {
  const known = new Map<CellId, CellId>(cells.map((cell) => [cell, cell]));
  return (cell) => {
    const found = known.get(cell);
    if (found !== undefined) return found;
    const root = cells.find((one) => cell.startsWith(one)) ?? cell;
    known.set(cell, root);
    return root;
  };
}

/** Events of each counted cell in ten seconds at a time. */
function rates(shares: ReadonlyMap<CellId, CellShare>, rootOf: (cell: CellId) => CellId) {
  const buckets = new Map<CellId, { from: number; events: number; users: number }>();
  const close = (cell: CellId, { events, users }: { readonly events: number; readonly users: number }): void => {
    const share = shares.get(rootOf(cell));
    const perS = (events * 1000) / BUCKET_MS;
    if (share === undefined || perS <= share.peakEventsPerS) return;
    share.peakEventsPerS = perS;
    share.peakUsers = users;
  };
  return {
    count: (cell: CellId, now: number, users: number): void => {
      const from = Math.floor(now / BUCKET_MS) * BUCKET_MS;
      const known = buckets.get(cell);
      if (known?.from === from) {
        known.events++;
        known.users = users;
        return;
      }
      if (known !== undefined) close(cell, known);
      buckets.set(cell, { from, events: 1, users });
    },
    finish: (): void => {
      for (const [cell, bucket] of buckets) close(cell, bucket);
    },
  };
}

const emptyShare = (): CellShare => ({
  presence: noUsage(),
  questions: noUsage(),
  asked: 0,
  matched: 0,
  peakEventsPerS: 0,
  peakUsers: 0,
});

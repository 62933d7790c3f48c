// What the borders of cells cost: the same people and questions once over a split block and once over one cell that covers it,
// with the shipping steps, without faults. Questions beside a border are held against those in the middle of a cell.
import { wasMade } from '../src/cell/tables/offers.ts';
import type { Bounds } from '../src/geo/bounds.ts';
import { minDistanceToBoundsM } from '../src/geo/distance.ts';
import { children, decode, encode } from '../src/geo/geohash.ts';
import type { Point } from '../src/geo/point.ts';
import { shifted } from '../src/geo/shifted.ts';
import { snap } from '../src/geo/snap.ts';
import { type Prng, prng } from '../src/lib/prng.ts';
import { resolvePolicy } from '../src/matching/policy.ts';
import type { CellRequest } from '../src/messages/calls.ts';
import type { Ping } from '../src/messages/records.ts';
import {
  type CellId,
  type HomeKey,
  homeOf,
  type OfferId,
  type QuestionId,
  questionId,
  questionOf,
  type UserId,
} from '../src/protocol/ids.ts';
import { MARGIN_M } from '../src/protocol/limits.ts';
import type { Policy } from '../src/protocol/policy.ts';
import { type BorderReport, MATCHED_WITHIN_MS, type Place, type Tally, tallies } from './border-report.ts';
import { anywhereIn, mapOf, SIM_POLICY, type SimMap, TOPICS } from './map.ts';
import type { AnyReply, Node } from './node.ts';
import { NO_FAULTS } from './options.ts';
import { World } from './world.ts';

export type BorderOptions = {
  readonly seed: number;
  readonly users: number;
  readonly questions: number;
  /** Mean time between two questions. */
  readonly gapMs: number;
  /** Of 100 people, how many walk, over borders too. */
  readonly walking: number;
  /** Mean time of a message on its way. */
  readonly delayMs: number;
  /** The cell that covers the block; its children split it. */
  readonly block: string;
};

export const BORDER_RUN: Omit<BorderOptions, 'seed'> = {
  users: 1000,
  questions: 4000,
  gapMs: 250,
  walking: 25,
  delayMs: 15,
  block: '9q8yy',
};

const NEAR_BORDER_M = 100;
const MIDDLE_M = 200;
/** Questions keep away from the block's outer edge by more than their circle. */
const INSET_M = 1000;
const RADIUS_M = 600;
const ASKERS = 500;
const SETTLING_MS = 10_000;
const WALK_EVERY_MS = 15_000;
const WALK_M = 25;
const CALL_MS = 15_000;

type Asked = { readonly at: number; readonly places: readonly Place[]; accepted: boolean };

/** Both runs of one seed. */
export function borderRun(options: BorderOptions): BorderReport {
  const resolved = resolvePolicy({
    ...SIM_POLICY,
    // A fine grid, lest the snapping decide who is near a border; leases that outlast the run.
    gridLength: 9,
    pointAgeMaxMs: 24 * 3_600_000,
    presence: { ttlDefaultMs: 3_600_000, ttlMaxMs: 24 * 3_600_000 },
  });
  if (!resolved.ok) throw new Error(`the policy is bad: ${JSON.stringify(resolved.error)}`);
  const policy = resolved.value;
  const cells = children(options.block) as readonly CellId[];
  return {
    divided: simulate(mapOf(cells, policy), cells, policy, options),
    undivided: simulate(mapOf([options.block as CellId], policy), cells, policy, options),
  };
}

function simulate(
  map: SimMap,
  borders: readonly CellId[],
  policy: Policy,
  options: BorderOptions,
): Record<Place, Tally> {
  const result = tallies();
  const asked = new Map<QuestionId, Asked>();
  const draw = prng(options.seed);
  const places = draw.fork();
  const world = new World(
    map,
    prng(options.seed ^ 0x0b0d),
    { faults: NO_FAULTS, delayMs: options.delayMs },
    {
      committed: (node, effects) => {
        if (node.kind !== 'cell') return;
        for (const { table, key } of effects.rows) {
          if (table !== 'questions') continue;
          note(node, key as QuestionId);
          for (const { id, user, state } of node.state?.questions.get(key as QuestionId)?.offers ?? [])
            if (state === 'pending') consider(user, id);
        }
      },
    },
  );
  const home = (id: QuestionId | OfferId, request: CellRequest, done: (reply: AnyReply) => void): void => {
    const cell = map.leafCovering(homeOf(id));
    const node = cell === undefined ? undefined : world.cells.get(cell);
    if (node !== undefined) world.request(node, request, CALL_MS, done);
  };
  const considered = new Set<OfferId>();
  /** What somebody does with a question depends on the two alone, so that it is the same in both runs. */
  const consider = (user: UserId, offerId: OfferId): void => {
    if (considered.has(offerId)) return;
    considered.add(offerId);
    const mood = prng(mixed(`${options.seed}/${user}/${questionOf(offerId)}`));
    const luck = mood.below(100);
    const thinkMs = 500 + mood.below(7000);
    const answerMs = 1000 + mood.below(6000);
    if (luck >= 90) return;
    world.after(thinkMs, () => {
      if (luck >= 60) {
        home(offerId, { t: 'decline', offerId, user }, () => undefined);
        return;
      }
      home(offerId, { t: 'accept', offerId, user }, (reply) => {
        if (reply.t !== 'offer') return;
        world.after(answerMs, () => home(offerId, { t: 'answer', offerId, user, text: 'yes' }, () => undefined));
      });
    });
  };
  const note = (node: Node, id: QuestionId): void => {
    const known = asked.get(id);
    const question = node.kind === 'cell' ? node.state?.questions.get(id) : undefined;
    if (known === undefined || question === undefined || known.accepted) return;
    const accepted = question.offers.find(({ state }) => state === 'accepted');
    if (accepted === undefined) return;
    known.accepted = true;
    if (world.now - known.at > MATCHED_WITHIN_MS) return;
    add(known, (tally) => {
      tally.matched++;
      tally.acceptedM += accepted.distanceM;
    });
  };
  const add = ({ places: of }: Asked, change: (tally: Tally) => void): void => {
    for (const place of of) change(result[place]);
  };

  const box = decode(options.block);
  const lastMs = SETTLING_MS + options.questions * options.gapMs + MATCHED_WITHIN_MS;
  settleIn(world, map, options, places, lastMs);
  let at = SETTLING_MS;
  for (let n = 0; n < options.questions; n++) {
    at += draw.exponential(options.gapMs);
    const point = snap(anywhereIn(inset(box), draw), policy.gridLength);
    const topic = draw.chance(2, 3) ? draw.pick(TOPICS) : undefined;
    const id = questionId(encode(point, policy.gridLength) as HomeKey, `n${String(n).padStart(7, '0')}`);
    const question = {
      id,
      asker: `asker${n % ASKERS}` as UserId,
      point,
      text: 'where?',
      languages: [],
      answersWanted: 1,
    };
    world.after(at, () => {
      const entry: Asked = { at: world.now, places: placesOf(point, borders), accepted: false };
      asked.set(id, entry);
      add(entry, (tally) => {
        tally.asked++;
      });
      const sent = { ...question, radiusM: RADIUS_M, ...(topic === undefined ? {} : { topic }) };
      home(id, { t: 'ask', question: sent }, () => undefined);
    });
  }
  world.run(world.now + at + MATCHED_WITHIN_MS + CALL_MS);
  for (const { state } of world.cells.values()) {
    for (const question of state?.questions.values() ?? []) {
      // By number, not by time: somebody in another cell is the better choice and learns of it a moment later.
      const first = question.offers.find(wasMade);
      const known = asked.get(question.id);
      if (first === undefined || known === undefined) continue;
      add(known, (tally) => {
        tally.offered++;
        tally.firstOfferM += first.distanceM;
      });
    }
  }
  return result;
}

/** Everybody comes at the start; some walk. Evenly spread: each in a patch of their own. */
function settleIn(world: World, map: SimMap, options: BorderOptions, draw: Prng, lastMs: number): void {
  const box = decode(options.block);
  const across = Math.ceil(Math.sqrt(options.users));
  for (let i = 0; i < options.users; i++) {
    const user = `user${i}` as UserId;
    const profile = { topics: TOPICS.filter(() => draw.chance(2, 3)), languages: [], capacity: 1 + draw.below(2) };
    const steps = draw.fork();
    const [column, row] = [i % across, Math.floor(i / across)];
    let at: Point = {
      lat: box.minLat + ((row + draw.unit()) / across) * (box.maxLat - box.minLat),
      lng: box.minLng + ((column + draw.unit()) / across) * (box.maxLng - box.minLng),
    };
    let cell: CellId | undefined;
    let seq = 0;
    const ping = (): void => {
      const point = snap(at, map.policy.gridLength);
      const stays = cell !== undefined && minDistanceToBoundsM(point, decode(cell)) <= MARGIN_M;
      const node = world.cells.get((stays ? cell : map.leafOf(point)) as CellId);
      const sent: Ping = { point, profile, session: 's', seq: ++seq };
      if (node === undefined) return;
      world.request(node, { t: 'presence', user, ping: sent }, CALL_MS, (reply) => {
        if (reply.t === 'present') cell = reply.view.cell;
      });
    };
    world.after(steps.below(SETTLING_MS / 2), ping);
    if (!draw.chance(options.walking, 100)) continue;
    for (let t = SETTLING_MS / 2 + steps.below(WALK_EVERY_MS); t < lastMs; t += WALK_EVERY_MS) {
      world.after(t, () => {
        const next = stepped(at, steps);
        if (map.leafOf(next) !== undefined) at = next;
        ping();
      });
    }
  }
}

function placesOf(point: Point, cells: readonly CellId[]): readonly Place[] {
  const own = encode(point, (cells[0] as CellId).length);
  let nearest = Number.POSITIVE_INFINITY;
  for (const cell of cells) {
    if (cell !== own) nearest = Math.min(nearest, minDistanceToBoundsM(point, decode(cell)));
  }
  if (nearest <= NEAR_BORDER_M) return ['border', 'all'];
  return nearest >= MIDDLE_M ? ['middle', 'all'] : ['all'];
}

function stepped(from: Point, draw: Prng): Point {
  const turn = draw.unit() * 2 * Math.PI;
  return shifted(from, WALK_M * Math.cos(turn), WALK_M * Math.sin(turn));
}

function inset({ minLat, maxLat, minLng, maxLng }: Bounds): Bounds {
  const { lat, lng } = shifted({ lat: minLat, lng: minLng }, INSET_M, INSET_M);
  return { minLat: lat, maxLat: maxLat - (lat - minLat), minLng: lng, maxLng: maxLng - (lng - minLng) };
}

/** FNV-1a: a seed from a name. */
function mixed(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

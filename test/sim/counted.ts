import type { Checker } from '../../sim/checkers/checker.ts';
import type { Named } from '../../sim/edge.ts';
import { SIM_POLICY, simMap } from '../../sim/map.ts';
import type { AnyReply, Node } from '../../sim/node.ts';
import { NO_FAULTS } from '../../sim/options.ts';
import { World } from '../../sim/world.ts';
import { encode } from '../../src/geo/geohash.ts';
import type { Point } from '../../src/geo/point.ts';
import { snap } from '../../src/geo/snap.ts';
import { prng } from '../../src/lib/prng.ts';
import type { CellRequest, UserRequest } from '../../src/messages/calls.ts';
import type { NewQuestion } from '../../src/messages/records.ts';
import {
  type CellId,
  type HomeKey,
  homeOf,
  type OfferId,
  type QuestionId,
  questionId,
  type UserId,
} from '../../src/protocol/ids.ts';

export const HERE = '9q8yy' as CellId;
export const POLICY = {
  ...SIM_POLICY,
  gridLength: 8,
  cooldownMs: 0,
  pointAgeMaxMs: 3_600_000,
  presence: { ttlDefaultMs: 3_600_000, ttlMaxMs: 3_600_000 },
  // What a leaf does is counted, however much comes in at once.
  limits: { autoSplit: false, eventsPerS: 100_000 },
};

type Call = { readonly to: string; readonly request: CellRequest | UserRequest };

/** A faultless world that writes down every call and every row. */
export class Counted extends World {
  readonly calls: Call[] = [];
  readonly silent = new Set<string>();

  override call(
    node: Node,
    request: CellRequest | UserRequest,
    timeoutMs: number,
    done: (reply: AnyReply) => void,
    named: Named,
    socket?: boolean,
  ): void {
    // The same again, with the row that the cell lacked, is no other call.
    if (named.row === undefined) this.calls.push({ to: node.id, request });
    if (this.silent.has(node.id)) this.after(timeoutMs, () => done({ t: 'failed' }));
    else super.call(node, request, timeoutMs, done, named, socket);
  }

  of(t: Call['request']['t']): readonly Call[] {
    return this.calls.filter(({ request }) => request.t === t);
  }
}

export function counted({ cells = 9, policy = POLICY as unknown, checkers = [] as Checker[], delayMs = 5 } = {}) {
  const rows: { readonly node: string; readonly table: string }[] = [];
  const world = new Counted(
    simMap(cells, HERE, policy),
    prng(7),
    { faults: NO_FAULTS, delayMs },
    {
      committed: (node, effects, event) => {
        for (const { table } of effects.rows) rows.push({ node: node.id, table });
        if (effects.alarmAt !== undefined) rows.push({ node: node.id, table: 'alarm' });
        for (const checker of checkers) checker.committed?.(node, effects, event);
      },
    },
  );
  const send = (cell: CellId | undefined, request: CellRequest, done: (reply: AnyReply) => void): void => {
    const node = cell === undefined ? undefined : world.cells.get(cell);
    if (node === undefined) throw new Error('no such cell');
    world.request(node, request, 60_000, done);
  };
  const homeCell = (id: QuestionId | OfferId): CellId | undefined => world.map.leafCovering(homeOf(id));
  let seq = 0;
  let asked = 0;
  return {
    world,
    rows,
    /** `users 1, questions 1`: what each object wrote since the last time. */
    written: (): Readonly<Record<string, string>> => {
      const sums = new Map<string, Map<string, number>>();
      for (const { node, table } of rows.splice(0)) {
        const tables = sums.get(node) ?? new Map<string, number>();
        sums.set(node, tables.set(table, (tables.get(table) ?? 0) + 1));
      }
      return Object.fromEntries(
        [...sums].map(([node, tables]) => [
          node,
          [...tables]
            .sort()
            .map(([table, n]) => `${table} ${n}`)
            .join(', '),
        ]),
      );
    },
    run: (ms: number) => world.run(world.now + ms),
    arrive: (user: string, point: Point, capacity = 1): void => {
      const ping = { point: snapped(point), profile: { capacity }, session: 's', seq: ++seq };
      send(world.map.leafOf(point), { t: 'presence', user: user as UserId, ping }, () => undefined);
    },
    ask: (point: Point, more: Partial<NewQuestion> = {}, done: (reply: AnyReply) => void = () => undefined) => {
      const at = snapped(point);
      const id = questionId(encode(at, POLICY.gridLength) as HomeKey, `n${String(++asked).padStart(7, '0')}`);
      const fields = { asker: 'asker' as UserId, point: at, text: 'where?', languages: [], answersWanted: 1, ...more };
      send(homeCell(id), { t: 'ask', question: { id, ...fields } }, done);
      return id;
    },
    verb: (request: Extract<CellRequest, { readonly offerId: OfferId }>): void =>
      send(homeCell(request.offerId), request, () => undefined),
    cancel: (id: QuestionId): void => send(homeCell(id), { t: 'cancel', id, user: null }, () => undefined),
    question: (id: QuestionId) => {
      const home = homeCell(id);
      const found = home === undefined ? undefined : world.cells.get(home)?.state?.questions.get(id);
      if (found === undefined) throw new Error(`no question ${id}`);
      return found;
    },
  };
}

export const snapped = (point: Point): Point => snap(point, POLICY.gridLength);

// What each transition writes: one after the other, by the shipping steps, in a simulated world of two cells without faults.
import { center } from '../src/geo/geohash.ts';
import { present } from '../src/lib/assert.ts';
import { prng } from '../src/lib/prng.ts';
import type { CellRequest, UserRequest } from '../src/messages/calls.ts';
import type { OfferId, QuestionId, UserId } from '../src/protocol/ids.ts';
import { simMap } from './map.ts';
import type { CellNode, Node } from './node.ts';
import { NO_FAULTS } from './options.ts';
import { World } from './world.ts';

/** The commits of one transition: the object, and the tables that it wrote a row of (`-`: deleted one of). */
export type Transition = { readonly what: string; readonly rows: number; readonly commits: readonly string[] };

const asUser = (name: string) => name as UserId;

const LONGER_THAN_A_CALL_MS = 9000;
const SETTLES_WITHIN_MS = 3000;

export function transitions(): readonly Transition[] {
  let commits: string[] = [];
  let written = 0;
  const map = simMap(2, '9q8yyk', {});
  const world = new World(
    map,
    prng(1),
    { faults: NO_FAULTS, delayMs: 1 },
    {
      committed: (node, { rows, alarmAt }) => {
        const names = rows.map((row) => (row.value === null ? `-${row.table}` : row.table));
        if (alarmAt !== undefined) names.push('alarm');
        written += names.length;
        if (names.length > 0) commits.push(`${node.id}: ${names.join(' ')}`);
      },
    },
  );
  const done: Transition[] = [];
  const cell = (n: number): CellNode => present(world.cells.get(present(map.cells[n], 'cell')), 'node');
  const [west, east] = [cell(0), cell(1)];
  const tell = (what: string, node: Node, request: CellRequest | UserRequest): void => {
    commits = [];
    written = 0;
    world.request(node, request, LONGER_THAN_A_CALL_MS, () => undefined);
    world.run(world.now + SETTLES_WITHIN_MS);
    done.push({ what, rows: written, commits });
  };
  const at = (node: CellNode, north: number) => ({ lat: center(node.id).lat + north, lng: center(node.id).lng });
  const ping = (user: string, node: CellNode, north = 0): CellRequest => ({
    t: 'presence',
    user: asUser(user),
    ping: { point: at(node, north), profile: {}, session: 's', ttlMs: 600_000 },
  });
  const questionOf = (n: number) => `q-${west.id}x-question${n}` as QuestionId;
  const ask = (n: number, radiusM: number): CellRequest => {
    const asked = { text: '?', languages: [], answersWanted: 1, radiusM };
    return { t: 'ask', question: { id: questionOf(n), asker: asUser('ann'), point: at(west, 0), ...asked } };
  };
  const offer = (n: number) => ({ offerId: `${questionOf(n)}.1` as OfferId, user: asUser('bob') });

  tell('a cell is initialised', west, { t: 'load' });
  tell('another is initialised', east, { t: 'load' });
  tell('bob enters a cell', west, ping('bob', west));
  tell('bob pings, same point', west, ping('bob', west));
  tell('bob pings, another point, HTTP', west, ping('bob', west, 0.0002));
  tell('ann asks, bob gets the offer', west, ask(1, 100));
  tell('bob accepts', west, { t: 'accept', ...offer(1) });
  tell('bob accepts again', west, { t: 'accept', ...offer(1) });
  tell('bob answers', west, { t: 'answer', ...offer(1), text: '!' });
  tell('bob acknowledges his event', west, { t: 'ack', user: asUser('bob'), seq: 1 });
  tell('bob enters the next cell', east, ping('bob', east));
  tell('ann asks, bob is next door', west, ask(2, 1000));
  tell('bob declines, nobody else', west, { t: 'decline', ...offer(2) });
  tell('cy enters, where the beacon lies', east, ping('cy', east));
  return done;
}

/** A line each: rows, an alarm counting as one, what happened, and the commits in their order. */
export const transitionLines = (): readonly string[] =>
  transitions().map(
    ({ what, rows, commits }) => `${String(rows).padStart(3)}  ${what.padEnd(36)} ${commits.join(' | ')}`,
  );

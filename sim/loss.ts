// What is lost with a disk, and so may be forgiven: the questions and people whose rows lay there.
import { isAtRest, isWhole } from '../src/cell/resharding/phases.ts';
import { parent } from '../src/geo/geohash.ts';
import type { Prng } from '../src/lib/prng.ts';
import type { CellId, UserId } from '../src/protocol/ids.ts';
import type { Ledger } from './ledger.ts';
import { type CellNode, type Node, remembered } from './node.ts';
import type { SimOptions } from './options.ts';
import type { World } from './world.ts';

const LATE_MS = 60_000;
const MINUTE_MS = 60_000;
const MERGES = new Set(['merging', 'filling']);
const LOOK_EVERY_MS = 100;
const LOOKS_MAX = 600;
const OF_USERS = ['users', 'arriving', 'taking'];

/**
 * Whether the loss of a cell's disk is one that the specification speaks of. Of a cell that hands over it does not: those that it fills wait
 * for its word; nor of one that a copy of a message may still tell to be filled, which the platform does not make (docs/decisions/0093).
 */
export function mayBeLost(node: CellNode, unchangedMs: number): boolean {
  const { role, mapRow } = remembered(node);
  const { phase } = role;
  if (phase.t === 'handing') return isAtRest(role);
  return mapRow !== undefined && isWhole(role) && unchangedMs > LATE_MS;
}

export function noteLoss({ lost }: Ledger, node: Node): void {
  for (const { table, key } of node.store.load()) if (table === 'questions') lost.questions.add(key);
  for (const user of usersOn(node)) lost.users.add(user);
}

/** Who is held there, or is on the way. */
export function usersOn(node: Node): readonly UserId[] {
  return [...node.store.load()].flatMap(({ table, key }) => (OF_USERS.includes(table) ? [key as UserId] : []));
}

/** Cells lose their disks while faults strike; every other one waits a while for a merge that it is a part of. */
export function loseStorage(
  world: World,
  draw: Prng,
  { faults, minutes }: Pick<SimOptions, 'faults' | 'minutes'>,
  changedAt: ReadonlyMap<Node, number>,
): void {
  const lose = (patience: number): void => {
    const cells = [...world.cells.values()].filter((node) => mayBeLost(node, world.now - (changedAt.get(node) ?? 0)));
    const parts = cells.filter(({ id }) =>
      MERGES.has(world.cells.get(parent(id) as CellId)?.state?.role.phase.t ?? ''),
    );
    if (parts.length === 0 && patience > 0) world.after(LOOK_EVERY_MS, () => lose(patience - 1));
    else if (cells.length > 0) world.lose(draw.pick(parts.length > 0 ? parts : cells));
  };
  for (let n = 0; n < (faults.loseStorage ?? 0); n++)
    world.after(draw.below(minutes * MINUTE_MS), () => lose(n % 2 === 0 ? LOOKS_MAX : 0));
}

// What the cell is: its row of the map, and its part in splits and merges.
import { versioned } from '../../lib/versioned.ts';
import { DEFAULT_POLICY } from '../../matching/policy.ts';
import type { MapRow } from '../../messages/map-row.ts';
import type { Op } from '../../messages/resharding.ts';
import type { CellId } from '../../protocol/ids.ts';

const VERSION = 1;

export type RolePhase =
  | { readonly t: 'leaf' }
  /** Still a leaf: its children are made ready, then the map swaps them in. `version`: of its row, named by the swap. */
  | { readonly t: 'splitting'; readonly op: Op; readonly version: number | undefined }
  /** Not a leaf: the parent of leaves that are to be one again. */
  | { readonly t: 'merging'; readonly op: Op; readonly versions: readonly number[] | undefined }
  /** A leaf, or about to be one, whose predecessors `from` have not handed over their questions yet; `untold` of that at all. */
  | { readonly t: 'filling'; readonly op: Op; readonly from: readonly CellId[]; readonly untold: boolean }
  /** Not a leaf any more: hands over to its successors what it has. */
  | {
      readonly t: 'handing';
      readonly op: Op;
      readonly to: readonly CellId[];
      /** Every successor knows that it has all questions; that nobody is held here any more. */
      readonly filled: boolean;
      readonly handed: boolean;
    };

export type Role = {
  readonly phase: RolePhase;
  /** Operations that this cell has led, and the last one of its parent that it has heard of. */
  readonly led: number;
  readonly heard: number;
  /** By which operation it was filled, and predecessors who may still hold people of this place. */
  readonly origin: Op | undefined;
  readonly behind: readonly CellId[];
};

export const encodeMapRow = (mapRow: MapRow): string => JSON.stringify({ v: VERSION, ...mapRow });

/** What the policy has learnt since the row was written has its default. */
export function decodeMapRow(text: string): MapRow {
  const mapRow = versioned<MapRow>(VERSION, 'meta', text);
  const { policy } = mapRow;
  const d = DEFAULT_POLICY;
  const question = { ...d.question, ...policy.question };
  const presence = { ...d.presence, ...policy.presence };
  return { ...mapRow, policy: { ...d, ...policy, question, presence, limits: { ...d.limits, ...policy.limits } } };
}

export const encodeRole = (life: Role): string => JSON.stringify({ v: VERSION, ...life });
export const decodeRole = (text: string): Role => versioned<Role>(VERSION, 'meta', text);

// What the cell is: its row of the map, and its part in splits and merges.
import { versioned } from '../../lib/versioned.ts';
import { DEFAULT_POLICY } from '../../matching/policy.ts';
import type { Birth } from '../../messages/birth.ts';
import type { Op } from '../../messages/resharding.ts';
import type { CellId } from '../../protocol/ids.ts';

const VERSION = 1;

export type LifePhase =
  | { readonly t: 'leaf' }
  /** Still a leaf: its children are made ready, then the map swaps them in. `version`: of its row, named by the swap. */
  | { readonly t: 'splitting'; readonly op: Op; readonly version: number | undefined }
  /** No leaf: the parent of leaves that are to be one again. */
  | { readonly t: 'merging'; readonly op: Op; readonly versions: readonly number[] | undefined }
  /** A leaf, or about to be one, whose predecessors `from` have not handed over their questions yet; `untold` of that at all. */
  | { readonly t: 'filling'; readonly op: Op; readonly from: readonly CellId[]; readonly untold: boolean }
  /** No leaf any more: hands over to its successors what it has. */
  | {
      readonly t: 'handing';
      readonly op: Op;
      readonly to: readonly CellId[];
      /** Every successor knows that it has all questions; that nobody is held here any more. */
      readonly filled: boolean;
      readonly handed: boolean;
    };

export type Life = {
  readonly phase: LifePhase;
  /** Operations that this cell has led, and the last one of its parent that it has heard of. */
  readonly led: number;
  readonly heard: number;
  /** By which operation it was filled, and predecessors who may still hold people of this place. */
  readonly origin: Op | undefined;
  readonly behind: readonly CellId[];
};

export const encodeBirth = (birth: Birth): string => JSON.stringify({ v: VERSION, ...birth });

/** What the policy has learnt since the row was written has its default. */
export function decodeBirth(text: string): Birth {
  const birth = versioned<Birth>(VERSION, 'meta', text);
  const { policy } = birth;
  const d = DEFAULT_POLICY;
  const question = { ...d.question, ...policy.question };
  const presence = { ...d.presence, ...policy.presence };
  return { ...birth, policy: { ...d, ...policy, question, presence, limits: { ...d.limits, ...policy.limits } } };
}

export const encodeLife = (life: Life): string => JSON.stringify({ v: VERSION, ...life });
export const decodeLife = (text: string): Life => versioned<Life>(VERSION, 'meta', text);

// One side of the square that others see a user in: how far beyond it, and for how long, they must be before it moves. A line that the
// square followed at once would tell others, at each crossing, to a metre where its walker is.
import type { Chance } from '../../lib/chance.ts';
import type { Border } from '../../messages/records.ts';

/** In sides of a square. GPS that trembles about a line is never beyond the least of it. */
const LEAN_LEAST = 1 / 4;
const LEAN_SPAN = 5 / 8;
const MARGIN_MOST = 1 / 2;
/** From so far beyond the lean on, and up to a square farther, the square follows at once: in a bus a delay would be a mile. */
const FAR_LEAST = 1 / 2;
const DELAY_LEAST_MS = 5000;
const DELAY_SPAN_MS = 25_000;
export const DELAY_MOST_MS = DELAY_LEAST_MS + DELAY_SPAN_MS;

/** For somebody of whom nothing is known yet. */
export function newBorder(chance: Chance): Border {
  const lean = (): number => LEAN_LEAST + LEAN_SPAN * chance();
  return drawn([lean(), lean()], chance);
}

/**
 * What a point makes of the border, and by how many squares what others see moves. All depends on the leaned point alone, the one that
 * lags by the lean: no number of crossings tells others more of the point than of that one.
 * @param offset of the point from the centre of the square, in sides of it.
 * @param gapMs since the point before: one as long as the longest delay is a delay itself.
 */
export function follow(
  border: Border,
  offset: number,
  { now, gapMs }: { readonly now: number; readonly gapMs: number },
  chance: Chance,
): { readonly border: Border; readonly squares: number } {
  const { lean, margin, delayMs, far, since = gapMs >= DELAY_MOST_MS ? now - gapMs : now } = border;
  const past = Math.abs(offset) - 0.5 - lean[offset < 0 ? 0 : 1];
  if (past <= margin) return { border: calm(border), squares: 0 };
  if (past <= far && now - since < delayMs) return { border: { ...border, since }, squares: 0 };
  return { border: redrawn(border, chance), squares: Math.sign(offset) * Math.ceil(past) };
}

/** Back before the delay was over: a point that was wrong. */
export function calm({ since: _, ...border }: Border): Border {
  return border;
}

/** Where the square has moved. */
export const redrawn = ({ lean }: Border, chance: Chance): Border => drawn(lean, chance);

/** For each crossing anew; what was drawn for good stays. */
function drawn(lean: Border['lean'], chance: Chance): Border {
  return {
    lean,
    margin: MARGIN_MOST * chance(),
    delayMs: Math.round(DELAY_LEAST_MS + DELAY_SPAN_MS * chance()),
    far: FAR_LEAST + chance(),
  };
}

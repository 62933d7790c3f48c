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
/** Beyond the lean by so much the square goes to where they are likeliest, and not only past the last line. */
const LEAP_FROM = 2;
const DELAY_LEAST_MS = 5000;
const DELAY_SPAN_MS = 25_000;

/** For somebody of whom nothing is known yet. */
export function newBorder(chance: Chance): Border {
  const lean = (): number => LEAN_LEAST + LEAN_SPAN * chance();
  return drawn([lean(), lean()], chance);
}

/**
 * What a point makes of the border, and by how many squares what others see moves. All depends on the leaned point alone, the one that
 * lags by the lean: no number of crossings tells others more of the point than of that one.
 * @param offset of the point from the centre of the square, in sides of it.
 */
export function follow(
  border: Border,
  offset: number,
  now: number,
  chance: Chance,
): { readonly border: Border; readonly squares: number } {
  const { lean, margin, delayMs, far, since = now } = border;
  const past = Math.abs(offset) - 0.5 - lean[offset < 0 ? 0 : 1];
  if (past <= margin) return { border: calm(border), squares: 0 };
  if (past <= far && now - since < delayMs) return { border: { ...border, since }, squares: 0 };
  // From very far to where they are likeliest: the leaned point lags by half of what it may lean. Nearer than that it would be a find.
  const whole = Math.ceil(past > LEAP_FROM ? past + LEAN_LEAST + LEAN_SPAN / 2 : past);
  return { border: drawn(lean, chance), squares: Math.sign(offset) * whole };
}

/** Back before the delay was over: a point that was wrong. */
export function calm({ since: _, ...border }: Border): Border {
  return border;
}

/** For each crossing anew; what was drawn for good stays. */
function drawn(lean: Border['lean'], chance: Chance): Border {
  return {
    lean,
    margin: MARGIN_MOST * chance(),
    delayMs: Math.round(DELAY_LEAST_MS + DELAY_SPAN_MS * chance()),
    far: FAR_LEAST + chance(),
  };
}

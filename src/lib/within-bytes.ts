// The part of a list that fits into a message: bounded by number and by bytes, and never nothing, so that it goes on.
import { utf8Length } from './text.ts';

/** The first of `items`: `max` at most, as many as take `bytesMax` as JSON, one at least. */
export function withinBytes<T>(items: readonly T[], max: number, bytesMax: number): readonly T[] {
  let bytes = 0;
  const part: T[] = [];
  for (const item of items) {
    if (part.length === max) break;
    bytes += utf8Length(JSON.stringify(item)) + 1;
    if (part.length > 0 && bytes > bytesMax) break;
    part.push(item);
  }
  return part;
}

// A long list, a slice at a time: whose turn it is in which minute.

/** Every item has its turn within as many minutes as there are slices. */
export function sliceOf<T>(items: readonly T[], minute: number, sliceMax: number): readonly T[] {
  const slices = slicesOf(items.length, sliceMax);
  const from = (minute % slices) * sliceMax;
  return items.slice(from, from + sliceMax);
}

/** How many slices there are. */
export function slicesOf(count: number, sliceMax: number): number {
  return Math.max(1, Math.ceil(count / sliceMax));
}

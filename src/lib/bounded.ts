// Many calls, a few at a time: the platform allows six connections for each request.

const AT_ONCE_MAX = 6;

/** Maps in order of the items, at most six at a time. The first failure rejects. */
export async function mapBounded<T, R>(items: readonly T[], map: (item: T) => Promise<R>): Promise<readonly R[]> {
  const out = new Array<R>(items.length);
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < items.length) {
      const at = next++;
      out[at] = await map(items[at] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE_MAX, items.length) }, work));
  return out;
}

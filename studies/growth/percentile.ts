// The nearest-rank percentile.

/** The smallest value that at least `percent` % of all do not exceed; null for none. */
export function percentileOf(values: readonly number[], percent: number): number | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(1, Math.ceil((percent / 100) * sorted.length)) - 1] as number;
}

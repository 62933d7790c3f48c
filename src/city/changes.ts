// What a change of a city changes, field by field: for whoever plans it, and for the audit.
import type { Policy } from '../protocol/policy.ts';

export type Change = {
  /** As in a request, sections with dots: `policy.offers.ttlMs`. */
  readonly field: string;
  /** Absent for what is too long to tell (a boundary), or was not there. */
  readonly from?: unknown;
  readonly to?: unknown;
};

export type Described = {
  readonly name: string;
  readonly precision: number;
  readonly locationHint: string;
  /** GeoJSON text. */
  readonly boundary: string;
  readonly policy: Policy;
};

/** In the order of a request. Policies are compared as they take effect, so a default that is spelled out is no change. */
export function changesOf(before: Described, after: Described): readonly Change[] {
  const changes: Change[] = [];
  for (const field of ['name', 'precision', 'locationHint'] as const) {
    if (before[field] !== after[field]) changes.push({ field, from: before[field], to: after[field] });
  }
  if (before.boundary !== after.boundary) changes.push({ field: 'boundary' });
  compare('policy', before.policy, after.policy, changes);
  return changes;
}

/** A new city: what its policy has different from the defaults. */
export function overridesOf(defaults: Policy, policy: Policy): readonly Change[] {
  const changes: Change[] = [];
  compare('policy', defaults, policy, changes);
  return changes;
}

function compare(field: string, from: unknown, to: unknown, out: Change[]): void {
  if (JSON.stringify(from) === JSON.stringify(to)) return;
  if (!isSection(from) || !isSection(to)) {
    out.push({ field, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) });
    return;
  }
  for (const key of new Set([...Object.keys(from), ...Object.keys(to)]))
    compare(`${field}.${key}`, from[key], to[key], out);
}

function isSection(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

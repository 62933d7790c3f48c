// Splits cells of the map and merges them again while the service is killed, as operations would by hand; then looks whether the map
// has come to rest, and what came about.
import type { Prng } from '../../src/lib/prng.ts';
import { type ApiResponse, callApi, expectApi } from '../../tools/support/http.ts';
import type { Violation } from './violation.ts';

/** A cell is split at one moment and merged again at another, both as a part of the time there is. */
export type Plan = { readonly cell: string; readonly splitAt: number; readonly mergeAt: number };
export type Outcome = { readonly splits: number; readonly merges: number; readonly violations: readonly Violation[] };

export type Divider = {
  /** Ends when the time is over. */
  readonly torment: (overMs: number, stop: AbortSignal) => Promise<void>;
  /** With no more faults: waits until nothing changes any more. */
  readonly rest: () => Promise<Outcome>;
};

type Verb = 'split' | 'merge';
type Cells = { readonly items: readonly { readonly cell: string; readonly state: string }[] };
type City = { readonly audit: readonly { readonly action: string }[] };
type Deps = { readonly url: string; readonly token: string; readonly city: string; readonly splits: number };

const AGAIN_MS = 250;
const CALL_TIMEOUT_MS = 10_000;
const REST_WITHIN_MS = 90_000;

/** Straight to the service, not through the bad network: it is killed often enough. */
export async function openDivider(deps: Deps, random: Prng): Promise<Divider> {
  const { url, token, city, splits } = deps;
  const cellsOf = async (load: boolean): Promise<Cells['items']> =>
    ((await expectApi(url, `/v1/ops/cells?city=${city}&load=${load}`, { token })) as Cells).items;
  const all = (await cellsOf(false)).map(({ cell }) => cell);
  const plans = plansFor(all, splits, random);
  const asked = { split: new Set<string>(), merge: new Set<string>() };
  const faults: Violation[] = [];

  /** Again and again until the map shows it: a dead service, a busy one, and one that gave it up are asked once more. */
  const insist = async (verb: Verb, cell: string, untilMs: number, stop: AbortSignal): Promise<boolean> => {
    const path = `/v1/ops/cells/${cell}/${verb}`;
    while (Date.now() < untilMs && !stop.aborted) {
      const call = callApi(url, path, { method: 'POST', token, timeoutMs: CALL_TIMEOUT_MS });
      const answer = await call.catch(() => undefined);
      if (answer !== undefined && isDone(verb, answer)) return true;
      if (answer?.status === 202) asked[verb].add(cell);
      if (answer !== undefined && answer.status >= 500 && answer.status !== 503)
        faults.push({ rule: 'EDGE1', text: `POST ${path} got ${answer.status}: ${JSON.stringify(answer.body)}` });
      await sleep(AGAIN_MS, stop);
    }
    return false;
  };
  const carryOut = async ({ cell, splitAt, mergeAt }: Plan, overMs: number, stop: AbortSignal): Promise<void> => {
    const startMs = Date.now();
    const at = (share: number): Promise<void> => sleep(startMs + share * overMs - Date.now(), stop);
    await at(splitAt);
    if (!(await insist('split', cell, startMs + overMs, stop))) return;
    await at(mergeAt);
    await insist('merge', cell, startMs + overMs, stop);
  };
  /** Cells that are not at rest, when the service answers. */
  const unrest = async (): Promise<readonly string[] | undefined> => {
    const cells = await cellsOf(true).catch(() => undefined);
    return cells?.filter(({ state }) => state !== 'leaf').map(({ cell, state }) => `${cell} is ${state}`);
  };

  return {
    torment: async (overMs, stop) => {
      await Promise.all(plans.map((plan) => carryOut(plan, overMs, stop)));
    },
    rest: async () => {
      const deadlineMs = Date.now() + REST_WITHIN_MS;
      let moving = await unrest();
      while ((moving === undefined || moving.length > 0) && Date.now() < deadlineMs) {
        await sleep(AGAIN_MS);
        moving = await unrest();
      }
      const late = (moving ?? ['the service does not say how its cells are']).map((text) => ({ rule: 'LIVE1', text }));
      const { audit } = (await expectApi(url, `/v1/ops/cities/${city}`, { token })) as City;
      const count = (action: string): number => audit.filter((entry) => entry.action === action).length;
      const result = { splits: count('cell.split'), merges: count('cell.merge') };
      return { ...result, violations: [...faults, ...late, ...wrongCounts(result, asked)] };
    },
  };
}

/** Each cell once, as long as there are others; each change in its own share of the time, one after the other. */
export function plansFor(cells: readonly string[], splits: number, random: Prng): readonly Plan[] {
  let left: string[] = [];
  return Array.from({ length: splits }, (_, i) => {
    if (left.length === 0) left = [...cells];
    const [cell] = left.splice(random.below(left.length), 1) as [string];
    const within = (from: number, to: number): number => (i + from + random.unit() * (to - from)) / splits;
    return { cell, splitAt: within(0.05, 0.35), mergeAt: within(0.5, 0.8) };
  });
}

/** An acknowledged split comes about, and nothing twice; a merge may be given up for a part that is being filled. */
function wrongCounts(
  { splits, merges }: { readonly splits: number; readonly merges: number },
  asked: { readonly split: ReadonlySet<string>; readonly merge: ReadonlySet<string> },
): readonly Violation[] {
  const said = `the map was changed by ${splits} splits and ${merges} merges`;
  const told = `${asked.split.size} splits and ${asked.merge.size} merges were acknowledged`;
  return splits < asked.split.size || merges > splits ? [{ rule: 'SPLIT1', text: `${said}, and ${told}` }] : [];
}

/** What refuses the same again says what the cell has become. */
function isDone(verb: Verb, { body }: ApiResponse): boolean {
  const { was } = (body ?? {}) as { readonly was?: string };
  return was === (verb === 'split' ? 'split' : 'leaf');
}

function sleep(ms: number, stop?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      stop?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, Math.max(0, ms));
    stop?.addEventListener('abort', done);
  });
}

// Makes a failing run small: fewer faults, people, questions, minutes and cells, as long as the same rule is still broken.
import { type FaultName, type Faults, NO_FAULTS, type SimOptions } from './options.ts';
import { runSeed, type SimReport } from './run.ts';

export type Shrunk = { readonly options: SimOptions; readonly report: SimReport; readonly tries: number };

/** @param triesMax runs at most; each is a whole simulation. */
export function shrink(options: SimOptions, rule: string, triesMax = 200): Shrunk {
  let best = options;
  let report = runSeed(options);
  let tries = 1;
  const attempt = (next: SimOptions): boolean => {
    if (tries >= triesMax) return false;
    tries++;
    const outcome = runSeed(next);
    if (!outcome.violations.some((violation) => violation.rule === rule)) return false;
    best = next;
    report = outcome;
    return true;
  };
  for (let shrunk = true; shrunk && tries < triesMax; ) {
    shrunk = false;
    for (const next of smaller(best)) {
      if (!attempt(next)) continue;
      shrunk = true;
      break;
    }
  }
  return { options: best, report, tries };
}

/** Everything that is one step smaller, boldest first. */
function* smaller(options: SimOptions): Generator<SimOptions> {
  const { faults } = options;
  const names = Object.keys(NO_FAULTS) as FaultName[];
  for (const name of names) if (faults[name] > 0) yield { ...options, faults: without(faults, name) };
  if (options.crowd < 1000) yield { ...options, crowd: 1000 };
  for (const [field, least] of [
    ['questions', 1],
    ['users', 1],
    ['minutes', 1],
    ['cells', 1],
    ['splits', 0],
    ['merges', 0],
  ] as const) {
    for (const next of [Math.floor(options[field] / 2), options[field] - 1]) {
      if (next >= least && next < options[field]) yield { ...options, [field]: next };
    }
  }
}

const without = (faults: Faults, name: FaultName): Faults => ({ ...faults, [name]: 0 });

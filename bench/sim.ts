// How fast the simulator runs, with its checkers and without: `node bench/sim.ts [seed]`. Events of the shipping steps, in
// worlds with their usual faults.
import { optionsOf } from '../sim/options.ts';
import { runSeed } from '../sim/run.ts';
import { heading, ratio, row, type Sample, sampleOf, seedOfRun } from './support/measure.ts';

const SEEDS = 20;
const ROUNDS = 5;

const first = seedOfRun();

function rate(check: boolean): Sample {
  const rates: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const started = process.cpuUsage();
    let events = 0;
    for (let seed = first; seed < first + SEEDS; seed++) {
      const { stats, violations } = runSeed({ ...optionsOf(seed), check });
      if (violations.length > 0) throw new Error(`seed ${seed} breaks ${violations[0]?.rule}`);
      events += stats.events;
    }
    const { user, system } = process.cpuUsage(started);
    if (round > 0) rates.push((events * 1e6) / (user + system));
  }
  return sampleOf(rates);
}

heading(`the simulator, seeds ${first} to ${first + SEEDS - 1}, faults as drawn, processor time`);
const checked = rate(true);
const bare = rate(false);
row('every checker on', checked, 'events/s/core');
row('no checker', bare, 'events/s/core');
ratio('without checkers over with them', bare, checked);

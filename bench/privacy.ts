// What it costs that a walker is not found over a line: `node bench/privacy.ts [seed] [seeds]`. The same trace with squares that follow at
// once and with those that the cells show; by seed, how many more calls are matched and how much farther away.
import { seedOfRun } from './support/measure.ts';
import { atOnce, hasData, veiledBy } from './support/walker-trace.ts';

if (!hasData) console.log('the traces are not here: nothing to measure');
else {
  const first = seedOfRun();
  const count = Number(process.argv[3] ?? 6);
  const now = atOnce();
  const percent = (then: number, before: number): string => `${((then / before - 1) * 100).toFixed(2)} %`.padStart(14);
  console.log(
    `\n${now.matched} calls matched, seen ${now.seenM.toFixed(0)} m away, in truth ${now.meanM.toFixed(0)} m`,
  );
  console.log(`${'seed'.padEnd(6)}${'matched'.padStart(14)}${'seen'.padStart(14)}${'in truth'.padStart(14)}`);
  for (let seed = first; seed < first + count; seed++) {
    const then = veiledBy(seed);
    console.log(
      String(seed).padEnd(6) +
        percent(then.matched, now.matched) +
        percent(then.seenM, now.seenM) +
        percent(then.meanM, now.meanM),
    );
  }
}

// What borders cost the people beside them: `node bench/border.ts [seed] [seeds]`. The same people and questions over 32 cells
// and over one that covers them; the table shows who was matched in time, and how far away the people were who were asked.
import { BORDER_RUN, borderRun } from '../sim/border.ts';
import { addUp, borderTable } from '../sim/border-report.ts';
import { seedOfRun } from './support/measure.ts';

const first = seedOfRun();
const count = Number(process.argv[3] ?? 4);
const seeds = Array.from({ length: count }, (_, i) => first + i);
const report = addUp(seeds.map((seed) => borderRun({ ...BORDER_RUN, seed })));
console.log(`\nborders, seeds ${first} to ${first + count - 1}`);
for (const line of borderTable(report)) console.log(line);

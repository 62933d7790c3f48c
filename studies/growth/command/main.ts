// `npm run sim -- growth`: from 10 users to 10 million in 10 days, on paper, with the shipping code.
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { runCommand, UsageError } from '../../../tools/support/args.ts';
import { startProgress } from '../../../tools/support/progress.ts';
import { growthCharts } from '../charts.ts';
import type { GrowthReport } from '../report.ts';
import { growthRun } from '../run.ts';
import { boundariesOf } from './files.ts';
import { samplePool, weightOf } from './pool.ts';
import { growthMarkdown, growthNotes, growthTable } from './table.ts';

const THREADS_MAX = 8;
const DAYS_MAX = 60;

export function growth(argv: readonly string[]): Promise<void> {
  return runCommand(
    {
      name: 'npm run sim -- growth',
      summary: [
        'Grows from 10 users on the first day to --to on the last, over real city boundaries or made-up cities, with day and night where they',
        'are, and says for each day what it takes: cells, splits, events, rows, calls, dollars. Small days are simulated whole, large ones by',
        'samples; every rule is checked in all that is simulated. See docs/GROWTH.md.',
      ].join('\n'),
      options: {
        days: { type: 'integer', value: 'N', help: 'days', default: 10, min: 1, max: DAYS_MAX },
        to: {
          type: 'integer',
          value: 'USERS',
          help: 'daily users on the last day',
          default: 10_000_000,
          min: 10,
          max: 100_000_000,
        },
        'city-files': {
          type: 'text',
          value: 'A,B…',
          help: 'GeoJSON boundaries (may be gzipped), a city each; made-up ones if not given',
        },
        only: {
          type: 'flag',
          help: 'everybody in the cities given, however crowded; otherwise made-up ones follow them',
        },
        seed: { type: 'integer', value: 'N', help: 'of the cities, the people and all chance', default: 1, min: 0 },
        hours: { type: 'number', value: 'H', help: 'that each user is connected a day', default: 2, min: 0.1, max: 20 },
        sessions: {
          type: 'integer',
          value: 'N',
          help: 'stays in which a user spends these hours',
          default: 2,
          min: 1,
          max: 10,
        },
        'ping-s': { type: 'integer', value: 'S', help: 'seconds between two pings', default: 10, min: 1, max: 40 },
        moving: { type: 'number', value: 'PERCENT', help: 'of all users who walk', default: 50, min: 0, max: 100 },
        asks: { type: 'number', value: 'N', help: 'questions of each user a day', default: 1, min: 0, max: 50 },
        whole: {
          type: 'integer',
          value: 'USERS',
          help: 'days of so many users or fewer are simulated whole',
          default: 1000,
          min: 0,
          max: 20_000,
        },
        effort: {
          type: 'number',
          value: 'X',
          help: 'how much is simulated: 2 takes twice as long',
          default: 1,
          min: 0.05,
          max: 20,
        },
        threads: { type: 'integer', value: 'N', help: 'threads (default: all cores)', min: 1, max: 64 },
        charts: { type: 'text', value: 'DIR', help: 'writes the charts as SVG there' },
        markdown: { type: 'flag', help: 'prints the table as Markdown' },
        json: { type: 'flag', help: 'prints one JSON object and nothing else' },
      },
    },
    async (options) => {
      const startedAt = performance.now();
      const threads = options.threads ?? Math.min(THREADS_MAX, availableParallelism());
      const files = (options['city-files'] ?? '').split(',').filter((file) => file !== '');
      if (options['city-files'] !== undefined && files.length === 0) throw new UsageError('--city-files names no file');
      if (options.hours * 1.2 + options.sessions * 0.1 > 24)
        throw new UsageError('--hours and --sessions do not fit into a day');
      if (options.only && files.length === 0) throw new UsageError('--only needs --city-files');
      const pool = samplePool(threads);
      try {
        const report = await growthRun(
          {
            days: options.days,
            to: options.to,
            seed: options.seed,
            boundaries: boundariesOf(files),
            cityFiles: files,
            only: options.only,
            habits: {
              hours: options.hours,
              sessions: options.sessions,
              pingS: options['ping-s'],
              moving: options.moving / 100,
              asks: options.asks,
            },
            wholeUsers: options.whole,
            effort: options.effort,
          },
          async (label, specs) => {
            const total = specs.reduce((sum, spec) => sum + weightOf(spec), 0);
            const progress = startProgress({ label, total, output: process.stderr });
            const results = await pool.run(specs, (spec) => progress.add(weightOf(spec)));
            progress.finish();
            return results;
          },
        );
        const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
        if (options.charts !== undefined) writeCharts(options.charts, report);
        if (options.json) {
          console.log(JSON.stringify({ ...report, seconds }));
        } else {
          console.log(options.markdown ? growthMarkdown(report) : growthTable(report));
          for (const line of ['', ...growthNotes(report), `${seconds} s on ${threads} threads`]) console.log(line);
        }
        return report.violations === 0 ? 0 : 1;
      } finally {
        await pool.close();
      }
    },
    argv,
  );
}

function writeCharts(folder: string, report: GrowthReport): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, svg] of growthCharts(report)) writeFileSync(join(folder, name), svg);
}

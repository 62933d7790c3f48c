// `npm run mutate`: puts small faults into the core, one after the other, and counts those that no unit test notices (Stryker). The
// report names each survivor; faults in whole protocols are the simulator's (`npm run sim -- --mutants`).
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { runCommand, UsageError } from '../tools/support/args.ts';

const ROOT = resolve(import.meta.dirname, '..');
const CACHE = 'node_modules/.cache/mutate';
const ROOMS = ['geo', 'engine', 'matching', 'record', 'city', 'cell', 'user'] as const;

await runCommand(
  {
    name: 'npm run mutate --',
    summary: 'Counts the faults in the core that no unit test notices. A room takes from two minutes to half an hour.',
    options: {
      room: { type: 'text', value: 'ROOM', help: 'one folder of src alone', oneOf: ROOMS },
      since: { type: 'text', value: 'REF', help: 'only files of the core that differ from this commit' },
      file: { type: 'text', value: 'PATH', help: 'one file alone' },
      json: { type: 'flag', help: 'the last line is one JSON object' },
    },
  },
  async ({ room, since, file, json }) => {
    const rooms = byRoom(filesOf(room, since, file));
    if (rooms.size === 0) {
      console.log('no file of the core differs: nothing to mutate');
      return 0;
    }
    const reports: Report[] = [];
    for (const [name, files] of rooms) {
      const code = await stryker(name, files);
      if (code !== 0) return code;
      reports.push(JSON.parse(readFileSync(join(ROOT, CACHE, `${name}.json`), 'utf8')) as Report);
    }
    const result = summaryOf(reports);
    tell(result);
    if (json) console.log(JSON.stringify(result.total));
    return 0;
  },
);

function filesOf(room: string | undefined, since: string | undefined, file: string | undefined): readonly string[] {
  if (file !== undefined) return [file];
  const rooms = (room === undefined ? ROOMS : [room]).map((name) => `src/${name}`);
  if (since === undefined) return rooms.map((folder) => `${folder}/**/*.ts`);
  try {
    return execFileSync('git', ['diff', '--name-only', '--diff-filter=d', since, '--', ...rooms], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
      .split('\n')
      .filter((path) => path.endsWith('.ts'));
  } catch {
    throw new UsageError(`--since: git knows no commit ${since}`);
  }
}

/** A room is judged by its own tests: what only the tests of others notice is found late, and by chance. */
function byRoom(files: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const rooms = new Map<string, string[]>();
  for (const file of files) {
    const room = file.split('/')[1] ?? file;
    rooms.set(room, [...(rooms.get(room) ?? []), file]);
  }
  return rooms;
}

function stryker(room: string, files: readonly string[]): Promise<number> {
  const folder = join(ROOT, CACHE);
  mkdirSync(folder, { recursive: true });
  const config = {
    testRunner: 'vitest',
    plugins: ['@stryker-mutator/vitest-runner'],
    vitest: { configFile: 'vitest.core.config.ts', related: false },
    coverageAnalysis: 'perTest',
    // TypeScript 7 has no JavaScript API: a tsconfig that is found would end the run. The file does not exist.
    tsconfigFile: 'none.json',
    checkers: [],
    mutate: files,
    ignoreStatic: true,
    incremental: true,
    incrementalFile: `${CACHE}/${room}.incremental.json`,
    tempDirName: `${CACHE}/work`,
    reporters: ['progress-append-only', 'json', 'html'],
    jsonReporter: { fileName: `${CACHE}/${room}.json` },
    htmlReporter: { fileName: `${CACHE}/${room}.html` },
    concurrency: 2,
    allowEmpty: true,
  };
  const path = join(folder, 'stryker.json');
  writeFileSync(path, JSON.stringify(config, undefined, 2));
  const bin = join(createRequire(import.meta.url).resolve('@stryker-mutator/core/package.json'), '../bin/stryker.js');
  const child = spawn(process.execPath, [bin, 'run', path], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, ROOM: room },
  });
  return new Promise((done) => child.on('exit', (code) => done(code ?? 1)));
}

type Count = { readonly killed: number; readonly survived: number; readonly uncovered: number };
type Survivor = { readonly file: string; readonly line: number; readonly what: string };

/** What Stryker's report says: https://github.com/stryker-mutator/mutation-testing-elements, schema 2. */
type Report = {
  readonly files: Readonly<
    Record<
      string,
      {
        readonly mutants: readonly {
          readonly status: string;
          readonly mutatorName: string;
          readonly replacement?: string;
          readonly location: { readonly start: { readonly line: number } };
        }[];
      }
    >
  >;
};

function summaryOf(reports: readonly Report[]): {
  readonly rooms: ReadonlyMap<string, Count>;
  readonly total: Count & { readonly score: number };
  readonly survivors: readonly Survivor[];
} {
  const rooms = new Map<string, Count>();
  const survivors: Survivor[] = [];
  for (const [file, { mutants }] of reports.flatMap(({ files }) => Object.entries(files))) {
    const room = file.split('/')[1] ?? file;
    const of = (...statuses: readonly string[]): number =>
      mutants.filter(({ status }) => statuses.includes(status)).length;
    const before = rooms.get(room) ?? { killed: 0, survived: 0, uncovered: 0 };
    rooms.set(room, {
      killed: before.killed + of('Killed', 'Timeout'),
      survived: before.survived + of('Survived'),
      uncovered: before.uncovered + of('NoCoverage'),
    });
    for (const { status, mutatorName, replacement, location } of mutants)
      if (status === 'Survived' || status === 'NoCoverage')
        survivors.push({
          file,
          line: location.start.line,
          what: `${mutatorName}: ${(replacement ?? '').slice(0, 80)}`,
        });
  }
  const sum = (of: (count: Count) => number): number => [...rooms.values()].reduce((all, count) => all + of(count), 0);
  const [killed, survived, uncovered] = [
    sum((one) => one.killed),
    sum((one) => one.survived),
    sum((one) => one.uncovered),
  ];
  return { rooms, survivors, total: { killed, survived, uncovered, score: scoreOf({ killed, survived, uncovered }) } };
}

function scoreOf({ killed, survived, uncovered }: Count): number {
  const all = killed + survived + uncovered;
  return all === 0 ? 100 : Math.round((1000 * killed) / all) / 10;
}

function tell({ rooms, total, survivors }: ReturnType<typeof summaryOf>): void {
  for (const { file, line, what } of survivors) console.log(`survived  ${file}:${line}  ${what.replaceAll('\n', ' ')}`);
  console.log(
    `\n${'room'.padEnd(12)}${'killed'.padStart(8)}${'survived'.padStart(10)}${'no test'.padStart(9)}${'score'.padStart(8)}`,
  );
  for (const [room, count] of [...rooms, ['all', total] as const])
    console.log(
      `${room.padEnd(12)}${String(count.killed).padStart(8)}${String(count.survived).padStart(10)}` +
        `${String(count.uncovered).padStart(9)}${`${scoreOf(count)} %`.padStart(8)}`,
    );
  console.log(`\neach of them, in its place: ${CACHE}/ROOM.html`);
}

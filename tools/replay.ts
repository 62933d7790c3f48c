// `npm run replay`: plays real traces, of who was where and what was asked where, against a service, faster than they were.
import { DEFAULT_POLICY } from '../src/matching/policy.ts';
import { EVENTS_PER_S_MAX } from '../src/protocol/policy.ts';
import { runCommand, UsageError } from './support/args.ts';
import { count, startProgress } from './support/progress.ts';
import { stopAsked } from './support/stop.ts';
import { checkNamed, namedColumns } from './traffic/columns.ts';
import { headerOf } from './traffic/csv.ts';
import { type Host, openHost } from './traffic/host.ts';
import { codesText, msText, summaryLines } from './traffic/live-view.ts';
import { playback } from './traffic/playback.ts';
import { startOf } from './traffic/replay-start.ts';
import { readJsonFile, SERVICE_OPTIONS } from './traffic/rollout.ts';
import { bump, stats } from './traffic/stats.ts';
import { DAY_MS, type Scan, scanTrace, type TimelineFile, unplayableLines } from './traffic/timeline.ts';
import { type Zone, zoneOf } from './traffic/zone.ts';

/** Questions that one of the few people who ask may have open. */
const OPEN_MAX = 100_000;

type Options = {
  readonly presence: string;
  readonly questions: string;
  readonly city: string;
  readonly boundary: string | undefined;
  readonly precision: number | undefined;
  readonly policy: string | undefined;
  readonly speed: number;
  readonly 'fold-day': boolean;
  readonly from: string | undefined;
  readonly columns: string | undefined;
  readonly zone: string | undefined;
  readonly seconds: number | undefined;
  readonly seed: number;
  readonly json: boolean;
  readonly url: string | undefined;
  readonly data: string | undefined;
};

/** What dirty rows are expected to meet: the service refuses them, and goes on. */
const REFUSALS: ReadonlySet<string> = new Set([
  'out_of_coverage',
  'bad_latitude',
  'bad_longitude',
  'missing_field',
  'bad_field',
  'stale_ping',
]);

await runCommand(
  {
    name: 'npm run replay --',
    summary:
      'Plays traces (CSV or CSV.gz) through the client library: positions user,ts,lat,lon and questions id,ts,lat,lon,kind, or columns that are called alike.',
    options: {
      presence: { type: 'text', value: 'FILE', help: 'who was where when', required: true },
      questions: { type: 'text', value: 'FILE', help: 'what was asked where when', required: true },
      city: { type: 'text', value: 'ID', help: 'the city that they lie in', default: 'replay' },
      boundary: { type: 'text', value: 'FILE', help: 'GeoJSON of the city, which is rolled out first' },
      precision: {
        type: 'integer',
        value: 'N',
        help: "length of the cells' geohashes, with --boundary",
        min: 3,
        max: 7,
      },
      policy: { type: 'text', value: 'FILE', help: 'business rules as JSON, with --boundary' },
      speed: { type: 'number', value: 'N', help: 'trace seconds in a second', default: 60, min: 0.01, max: 10_000 },
      'fold-day': { type: 'flag', help: 'lay all days on one: each day of a user is a user of its own' },
      from: {
        type: 'text',
        value: 'HH:MM',
        help: 'time of day to begin at, in --zone or UTC; the busiest hour of both if not said',
      },
      columns: {
        type: 'text',
        value: 'NAME=COLUMN,…',
        help: 'which column is what, in either file: user, id, ts, lat, lon, kind; common names are known',
      },
      zone: {
        type: 'text',
        value: 'ZONE',
        help: 'of times that say none, for example Europe/Oslo. An hour that is shown twice is the first one; a time that is jumped over counts from before the jump',
      },
      seconds: {
        type: 'number',
        value: 'N',
        help: 'end after this long; at the end of the traces if not said',
        min: 1,
      },
      seed: { type: 'integer', value: 'N', help: 'for how people decide', default: 1, min: 0 },
      json: { type: 'flag', help: 'end with one line of JSON' },
      url: {
        type: 'text',
        value: 'URL',
        help: 'where the service is; the one on the data directory, or a new one, if not said',
      },
      data: SERVICE_OPTIONS.data,
    },
  },
  async (options) => {
    const asked = stopAsked();
    const traces = await openTraces(options);
    process.stderr.write(`reading ${options.presence} and ${options.questions} …\n`);
    const presence = await scan(traces.presence);
    const questions = await scan(traces.questions);
    const { fold, zone } = traces.presence;
    const fromMs = startOf({ from: options.from, fold, zone }, presence, questions);
    const host = await openHost({ ...options, policy: policyOf(options) });
    try {
      return await replay(options, host, { ...traces, scans: { presence, questions }, fromMs }, asked);
    } finally {
      await host.close();
    }
  },
);

type Pair<T> = { readonly presence: T; readonly questions: T };
type Traces = Pair<TimelineFile> & { readonly scans: Pair<Scan>; readonly fromMs: number };

/** Their headers are read. Throws UsageError for a column or a zone that there is not. */
async function openTraces(options: Options): Promise<Pair<TimelineFile>> {
  const columns = namedColumns(options.columns);
  const zone = options.zone === undefined ? undefined : zoneNamed(options.zone);
  const headers = [await headerOf(options.presence), await headerOf(options.questions)];
  checkNamed(columns, headers);
  const common = { columns, zone, fold: options['fold-day'] };
  return {
    presence: { path: options.presence, kind: 'presence', ...common },
    questions: { path: options.questions, kind: 'questions', ...common },
  };
}

function zoneNamed(name: string): Zone {
  const zone = zoneOf(name);
  if (zone === undefined) throw new UsageError(`--zone must be a time zone such as Europe/Oslo, not "${name}"`);
  return zone;
}

/** Says what of the file cannot be played as it stands. */
async function scan(file: TimelineFile): Promise<Scan> {
  const seen = await scanTrace(file);
  for (const line of unplayableLines(seen.unplayable)) process.stderr.write(`${file.path}: not played: ${line}\n`);
  if (seen.unsorted > 0 && !file.fold) {
    process.stderr.write(
      `${file.path} is not sorted by time (${count(seen.unsorted)} rows are early): sorted in memory\n`,
    );
  }
  return seen;
}

async function replay(options: Options, host: Host, traces: Traces, asked: Promise<'stop'>): Promise<number> {
  const { speed, seed } = options;
  const { fromMs, scans } = traces;
  const { fold, zone } = traces.presence;
  const nowMs = (): number => performance.now();
  const startMs = nowMs();
  const seen = stats(nowMs, REFUSALS);
  const stop = new AbortController();
  void asked.then(() => stop.abort());
  const timer = options.seconds === undefined ? undefined : setTimeout(() => stop.abort(), options.seconds * 1000);
  const at = new Date(fromMs).toISOString();
  const when = fold ? `${at.slice(11, 16)} ${zone?.name ?? 'UTC'}` : `${at.slice(0, 16)} UTC`;
  process.stderr.write(`from ${when} at ${speed} times the speed, on ${host.url}\n`);
  const endMs = fold ? DAY_MS : Math.max(scans.presence.lastMs, scans.questions.lastMs) - fromMs;
  const lengthMs = Math.min(endMs, options.seconds === undefined ? Infinity : options.seconds * 1000 * speed);
  const progress = startProgress({ label: 'minutes of the trace', total: lengthMs / 60_000 });
  let notedMs = -Infinity;
  let frozen: ReturnType<typeof seen.summary> | undefined;
  // Taken before anybody is sent away: the end of the replay is not a failure of it.
  stop.signal.addEventListener('abort', () => {
    frozen = seen.summary();
  });
  const result = await playback({
    url: host.url,
    presence: { ...traces.presence, fromMs, sorted: scans.presence.unsorted === 0 },
    questions: { ...traces.questions, fromMs, sorted: scans.questions.unsorted === 0 },
    speed,
    seed,
    stats: seen,
    tokenFor: host.tokenFor,
    nowMs,
    signal: stop.signal,
    onProgress: (offsetMs, present) => {
      // The numbers take a while to count, and nobody reads them a hundred times a second.
      if (nowMs() - notedMs < 500) return;
      notedMs = nowMs();
      const now = seen.summary();
      const note = `${present} users, asked ${now.asked}, matched ${now.matched}, p50 ${msText(now.p50MatchMs)}, errors ${now.errors}`;
      progress.set(offsetMs / 60_000, note);
    },
  });
  clearTimeout(timer);
  progress.finish();
  const summary = frozen ?? seen.summary();
  const wallSeconds = Math.round((nowMs() - startMs) / 100) / 10;
  const badRows = withUnplayable(result.badRows, scans);
  const lines = [
    `played ${result.rows} rows of ${result.users} users in ${wallSeconds} s`,
    `doubtful rows: ${codesText(badRows)}; refused by the service: ${codesText(summary.refused)}`,
    ...summaryLines(summary),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  if (options.json) process.stdout.write(`${JSON.stringify({ ...summary, ...result, badRows, wallSeconds })}\n`);
  return summary.errors === 0 ? 0 : 1;
}

/** Rows that could not be played at all are doubtful as well, wherever in the files they stand. */
function withUnplayable(badRows: Readonly<Record<string, number>>, { presence, questions }: Pair<Scan>) {
  const all = new Map(Object.entries(badRows));
  for (const [reason, { rows }] of [...presence.unplayable, ...questions.unplayable]) bump(all, reason, rows);
  return Object.fromEntries(all);
}

/**
 * The file's, or the defaults with the rests of people in trace time: at 60 times the speed a rest of 10 s would be one of
 * 10 minutes, and a cell would refuse what comes in 60 times as fast. What the service itself needs time for (offers on their way, sleeping questions) keeps the real clock.
 */
function policyOf({ policy, speed, boundary }: Options): unknown {
  if (policy !== undefined) return readJsonFile(policy, 'policy');
  if (boundary === undefined) return undefined;
  const { cooldownMs, idleFullMs, limits } = DEFAULT_POLICY;
  return {
    cooldownMs: Math.min(cooldownMs, Math.round(cooldownMs / speed)),
    idleFullMs: Math.max(1000, Math.min(idleFullMs, Math.round(idleFullMs / speed))),
    // A few people ask for everybody in the file.
    question: { openMax: OPEN_MAX },
    limits: { eventsPerS: Math.min(EVENTS_PER_S_MAX, Math.max(1, limits.eventsPerS * speed)) },
  };
}

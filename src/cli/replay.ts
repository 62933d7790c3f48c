// `npm run replay`: plays real traces, of who was where and what was asked where, against a service, faster than they were.
import { DEFAULT_POLICY } from '../matching/policy.ts';
import { EVENTS_PER_S_MAX } from '../protocol/policy.ts';
import { runCommand, UsageError } from './support/args.ts';
import { startProgress } from './support/progress.ts';
import { stopAsked } from './support/stop.ts';
import { type Host, openHost } from './traffic/host.ts';
import { codesText, msText, summaryLines } from './traffic/live-view.ts';
import { playback } from './traffic/playback.ts';
import { readJsonFile, SERVICE_OPTIONS } from './traffic/rollout.ts';
import { bump, stats } from './traffic/stats.ts';
import { bestHourMs, parseTimeOfDay, type Scan, scanTrace } from './traffic/timeline.ts';

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
const DAY_MS = 86_400_000;

await runCommand(
  {
    name: 'npm run replay --',
    summary:
      'Plays traces (CSV or CSV.gz) through the client library: positions user,ts,lat,lon and questions id,ts,lat,lon,kind.',
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
        help: 'time of day (UTC) to begin at; the busiest hour of both if not said',
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
    process.stderr.write(`reading ${options.presence} and ${options.questions} …\n`);
    const fold = options['fold-day'];
    const presence = await scanTrace(options.presence, 'presence', fold);
    const questions = await scanTrace(options.questions, 'questions', fold);
    const fromMs = startOf(options, presence, questions);
    const host = await openHost({ ...options, policy: policyOf(options) });
    try {
      return await replay(options, host, { presence, questions, fromMs }, asked);
    } finally {
      await host.close();
    }
  },
);

type Traces = { readonly presence: Scan; readonly questions: Scan; readonly fromMs: number };

async function replay(options: Options, host: Host, traces: Traces, asked: Promise<'stop'>): Promise<number> {
  const { speed, seed } = options;
  const fold = options['fold-day'];
  const { fromMs } = traces;
  const nowMs = (): number => performance.now();
  const startMs = nowMs();
  const seen = stats(nowMs, REFUSALS);
  const stop = new AbortController();
  void asked.then(() => stop.abort());
  const timer = options.seconds === undefined ? undefined : setTimeout(() => stop.abort(), options.seconds * 1000);
  const at = new Date(fromMs).toISOString();
  process.stderr.write(
    `from ${fold ? at.slice(11, 16) : at.slice(0, 16)} UTC at ${speed} times the speed, on ${host.url}\n`,
  );
  const endMs = fold ? DAY_MS : Math.max(traces.presence.lastMs, traces.questions.lastMs) - fromMs;
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
    presence: { path: options.presence, kind: 'presence', fold, fromMs },
    questions: { path: options.questions, kind: 'questions', fold, fromMs },
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
  const badRows = withUnplayable(result.badRows, traces);
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
function withUnplayable(badRows: Readonly<Record<string, number>>, { presence, questions }: Traces) {
  const all = new Map(Object.entries(badRows));
  for (const [reason, n] of [...presence.unplayable, ...questions.unplayable]) bump(all, reason, n);
  return Object.fromEntries(all);
}

/** Where to begin: what was asked for, or the hour in which both files have most. */
function startOf(options: Options, presence: Scan, questions: Scan): number {
  const fold = options['fold-day'];
  if (options.from !== undefined) {
    const time = parseTimeOfDay(options.from);
    if (time === undefined) throw new UsageError(`--from must be a time of day such as 08:30, not "${options.from}"`);
    if (fold) return time;
    const common = Math.max(presence.firstMs, questions.firstMs);
    const today = Math.floor(common / DAY_MS) * DAY_MS + time;
    return today >= common ? today : today + DAY_MS;
  }
  const best = bestHourMs(presence, questions);
  if (best !== undefined) return best;
  const span = ({ firstMs, lastMs }: Scan): string =>
    `${new Date(firstMs).toISOString().slice(0, 16)} to ${new Date(lastMs).toISOString().slice(0, 16)}`;
  throw new UsageError(
    `the traces have no hour in common (${span(presence)}; ${span(questions)}): --fold-day lays all days on one`,
  );
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
    limits: { eventsPerS: Math.min(EVENTS_PER_S_MAX, Math.max(1, limits.eventsPerS * speed)) },
  };
}

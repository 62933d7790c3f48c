// `npm run demo`: a service of its own, a city, and seeded people who ask and answer in it, shown live.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planCity } from '../src/city/plan.ts';
import type { Point } from '../src/geo/point.ts';
import { parseBoundary } from '../src/geo/polygon.ts';
import { drawFilm, type Frame } from './map/film.ts';
import { writeSvg } from './map/write-svg.ts';
import { runCommand } from './support/args.ts';
import { openScreen } from './support/screen.ts';
import { type Service, startService } from './support/service.ts';
import { stopAsked } from './support/stop.ts';
import { signToken } from './support/token.ts';
import { cityMap, type MapSize } from './traffic/city-map.ts';
import {
  MAP_LEGEND,
  marksOf,
  metres,
  msText,
  numbersLines,
  sleepingOf,
  summaryLines,
  ticker,
} from './traffic/live-view.ts';
import { DEMO_BOUNDARY, DEMO_CITY, DEMO_PLACES } from './traffic/outline.ts';
import type { Manner } from './traffic/person.ts';
import { rollOut } from './traffic/rollout.ts';
import { script } from './traffic/script.ts';
import { play, type Show } from './traffic/show.ts';
import { stats, type Tracked } from './traffic/stats.ts';

type Options = {
  readonly seconds: number | undefined;
  readonly json: boolean;
  readonly users: number;
  readonly seed: number;
  readonly port: number;
  readonly record: string | undefined;
};

const PRECISION = 5;
/** Shorter than in a real city, so that a minute shows everything that can happen to a question. */
const POLICY = {
  cooldownMs: 3000,
  offers: { ttlMs: 8000 },
  backOff: { firstMs: 3000, factor: 2, maxMs: 20_000 },
} as const;
const MANNER: Manner = { acceptPercent: 80, decideMs: [200, 2500], answerMs: [1000, 4000] };
const EXPIRES_IN_S = 60;
/** Each person asks about once in this time. */
const ASKS_EVERY_MS = 45_000;
const REDRAW_MS = 250;
const PLAIN_EVERY_MS = 2000;
const PLAIN_SECONDS = 30;
const FILM_FROM_MS = 8000;
const FRAME_MS = 500;

await runCommand(
  {
    name: 'npm run demo --',
    summary: 'Starts a service of its own, adds a city, and shows seeded people who move, ask and answer in it.',
    options: {
      seconds: {
        type: 'number',
        value: 'N',
        help: 'end after this long; until Ctrl-C if not said',
        min: 1,
        max: 86_400,
      },
      json: { type: 'flag', help: 'end with one line of JSON' },
      record: { type: 'text', value: 'FILE', help: 'keep what there was to see as an SVG that moves' },
      users: { type: 'integer', value: 'N', help: 'how many people', default: 80, min: 2, max: 2000 },
      seed: {
        type: 'integer',
        value: 'N',
        help: 'the same seed gives the same people and questions',
        default: 1,
        min: 0,
      },
      port: {
        type: 'integer',
        value: 'PORT',
        help: 'port on 127.0.0.1, 0 for a free one',
        default: 0,
        min: 0,
        max: 65_535,
      },
    },
  },
  async (options) => {
    // Before anything is started: a file that cannot be there is told at once.
    if (options.record !== undefined) writeSvg(options.record, '');
    const asked = stopAsked();
    print(`${DEMO_CITY.name}: starting a service in a directory of its own (removed at the end) …`);
    const dataDir = mkdtempSync(join(tmpdir(), 'vicinal-demo-'));
    let service: Service | undefined;
    const logged: string[] = [];
    try {
      const onLog = (line: string): void => void (logged.push(line) > 200 && logged.shift());
      service = await startService({ dataDir, port: options.port, onLog });
      return await run(options, service, asked);
    } catch (error) {
      process.stderr.write(`${logged.slice(-10).join('\n')}\n`);
      throw error;
    } finally {
      await service?.stop();
      rmSync(dataDir, { recursive: true, force: true });
    }
  },
);

async function run(options: Options, service: Service, asked: Promise<'stop'>): Promise<number> {
  const { url, secret } = service;
  const nowMs = (): number => performance.now();
  const opsToken = await signToken({ sub: 'demo', scope: 'ops', secret });
  await rollOut(url, opsToken, { ...DEMO_CITY, boundary: DEMO_BOUNDARY, precision: PRECISION, policy: POLICY });
  const plan = planCity({ ...DEMO_CITY, boundary: DEMO_BOUNDARY, precision: PRECISION });
  const title = `${DEMO_CITY.name}: ${plan.ok ? plan.value.cells.length : 0} cells, ${options.users} people, ${url}`;
  print(title);
  const token = await signToken({ sub: 'you', scope: 'user', secret, ttlS: 86_400 });
  if (options.seconds === undefined) print(tryIt(url, token));

  const startMs = nowMs();
  const recent = ticker(5);
  const seen = stats(nowMs);
  const show = await play({
    url,
    script: script({
      seed: options.seed,
      users: options.users,
      places: DEMO_PLACES,
      everyMs: ASKS_EVERY_MS / options.users,
    }),
    manner: MANNER,
    stats: seen,
    tokenFor: (sub) => signToken({ sub, scope: 'user', secret, ttlS: 86_400 }),
    nowMs,
    expiresInS: EXPIRES_IN_S,
    onAccepted: ({ name }, { distanceM, text, questionId }) => {
      const waited = seen.sinceAskedMs(questionId);
      const after = waited === undefined ? '' : ` after ${msText(waited)}`;
      const where = distanceM < 1 ? 'right there' : `${metres(distanceM)} away`;
      recent.add(`${name}, ${where}, took “${text}”${after}`);
    },
  });
  const seconds = options.seconds ?? (process.stdout.isTTY ? undefined : PLAIN_SECONDS);
  const film = options.record === undefined ? undefined : filmOf(plan.ok ? plan.value.cells : [], seconds);
  await showUntil(asked, seconds, { title, startMs, nowMs, show, seen, recent, film });
  // The numbers are taken before anybody is sent away, so that the end of the show is not a failure of it.
  const summary = seen.summary();
  show.stop();
  if (options.record !== undefined && film !== undefined) writeSvg(options.record, film.draw());
  for (const line of ['', ...summaryLines(summary)]) print(line);
  if (options.json)
    print(JSON.stringify({ ...summary, users: options.users, seed: options.seed, wallSeconds: wall(startMs, nowMs) }));
  return summary.errors === 0 ? 0 : 1;
}

type Scene = {
  readonly title: string;
  readonly startMs: number;
  readonly nowMs: () => number;
  readonly show: Show;
  readonly seen: ReturnType<typeof stats>;
  readonly recent: ReturnType<typeof ticker>;
  readonly film: ReturnType<typeof filmOf> | undefined;
};

async function showUntil(asked: Promise<'stop'>, seconds: number | undefined, scene: Scene): Promise<void> {
  const { title, startMs, nowMs, show, seen, recent, film } = scene;
  const boundary = parseBoundary(DEMO_BOUNDARY);
  const map = boundary.ok ? cityMap(boundary.value, PRECISION, mapSize()) : undefined;
  const screen = openScreen({ plainEveryMs: PLAIN_EVERY_MS });
  const draw = (): void => {
    const live = seen.live();
    const numbers = numbersLines(seen.summary(), sleepingOf(live));
    const time = `${Math.round((nowMs() - startMs) / 1000)} s`;
    const newest = recent.lines()[0];
    film?.take(show.positions(), live, numbers[0], newest ?? '', nowMs() - startMs);
    const picture = process.stdout.isTTY ? (map?.draw(marksOf(show.positions(), live)) ?? []) : [];
    screen.show(
      [`${title}   ${time}`, ...numbers, '', ...recent.lines(), '', ...picture, MAP_LEGEND],
      `${time.padStart(5)}  ${numbers.join('  ')}${newest === undefined ? '' : `\n       ${newest}`}`,
    );
  };
  const timer = setInterval(draw, REDRAW_MS);
  draw();
  let end: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<void>((resolve) => {
    if (seconds !== undefined) end = setTimeout(resolve, seconds * 1000);
  });
  await Promise.race([asked, over]);
  clearTimeout(end);
  clearInterval(timer);
  draw();
  screen.finish();
}

/** From when everybody has entered on, a frame each half second. */
function filmOf(cells: readonly string[], seconds = Number.POSITIVE_INFINITY) {
  const fromMs = Math.min(FILM_FROM_MS, (seconds * 1000) / 2);
  const frames: Frame[] = [];
  /** For a demo that ends before the first is due. */
  let newest: Frame | undefined;
  const boundary = parseBoundary(DEMO_BOUNDARY);
  return {
    take: (
      people: readonly Point[],
      live: readonly Tracked[],
      numbers: string,
      sentence: string,
      atMs: number,
    ): void => {
      const questions = live.flatMap(({ question: { id, lat, lng }, state }) =>
        state === 'open' || state === 'dormant' || state === 'matched' ? [{ id, lat, lng, state }] : [],
      );
      newest = { people, questions, numbers, sentence };
      if (atMs >= fromMs + frames.length * FRAME_MS) frames.push(newest);
    },
    draw: (): string => {
      if (!boundary.ok || newest === undefined) return '';
      const coverage = { ...DEMO_CITY, boundary: boundary.value, cells: cells.map((cell) => ({ cell })) };
      return drawFilm({ coverage, frames: frames.length > 0 ? frames : [newest], everyMs: FRAME_MS });
    },
  };
}

/** What is left of the terminal beside numbers and sentences. */
function mapSize(): MapSize {
  const { columns = 80, rows = 24 } = process.stdout;
  return { columnsMax: Math.min(64, columns - 2), rowsMax: rows - 12 };
}

function tryIt(url: string, token: string): string {
  const body = JSON.stringify({ lat: 37.7793, lng: -122.4192, text: 'Is it foggy at the bridge?' });
  return [
    'Try it yourself, as the user "you":',
    `  TOKEN=${token}`,
    `  curl -s ${url}/v1/questions -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' -d '${body}'`,
    `  curl -s "${url}/v1/events?waitS=20" -H "authorization: Bearer $TOKEN"`,
    'Ctrl-C ends the demo.',
    '',
  ].join('\n');
}

function wall(startMs: number, nowMs: () => number): number {
  return Math.round((nowMs() - startMs) / 100) / 10;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

// The seeded generator: who there is, how they move, and what they ask when. A seed gives the same script on any machine.
import type { Point } from '../../src/geo/point.ts';
import { type Prng, prng } from '../../src/lib/prng.ts';
import { PACES, type Pace, type Route, route } from './route.ts';

export type Character = {
  readonly id: string;
  readonly name: string;
  readonly topics: readonly string[];
  readonly languages: readonly string[];
  readonly capacity: number;
  readonly pace: Pace;
  readonly route: Route;
  /** For what they decide while the show runs. */
  readonly random: Prng;
};

export type Line = {
  /** Since the start. */
  readonly atMs: number;
  /** Index of the character who asks, at their own point. */
  readonly asker: number;
  readonly text: string;
  readonly topic?: string;
  readonly languages?: readonly string[];
  readonly answersWanted: number;
};

export type Script = {
  readonly characters: readonly Character[];
  /** The questions, without end, in order. */
  readonly lines: () => Generator<Line, never>;
};

export type ScriptOptions = {
  readonly seed: number;
  readonly users: number;
  readonly places: readonly Point[];
  /** Mean time between two questions. */
  readonly everyMs: number;
};

export function script({ seed, users, places, everyMs }: ScriptOptions): Script {
  const root = prng(seed);
  const cast = root.fork();
  const linesSeed = root.u32();
  const characters = Array.from({ length: users }, (_, i) => character(cast.fork(), i, places));
  return { characters, lines: () => lines(prng(linesSeed), users, everyMs) };
}

function character(random: Prng, index: number, places: readonly Point[]): Character {
  const first = NAMES[index % NAMES.length] as string;
  const turn = Math.floor(index / NAMES.length);
  const name = turn === 0 ? first : `${first} ${turn + 1}`;
  const pace = random.chance(3, 5) ? PACES[0] : random.chance(1, 2) ? PACES[1] : PACES[2];
  return {
    id: `${first.toLowerCase()}-${index + 1}`,
    name,
    // Nobody takes everything, so that some questions have to wait for the right person.
    topics: TOPICS.filter(() => random.chance(1, 2)),
    languages: ['en', ...OTHER_LANGUAGES.filter(() => random.chance(1, 5))],
    capacity: random.chance(1, 4) ? 2 : 1,
    pace: pace as Pace,
    route: route(random.fork(), pace as Pace, places),
    random: random.fork(),
  };
}

function* lines(random: Prng, users: number, everyMs: number): Generator<Line, never> {
  for (let atMs = 0; ; ) {
    atMs += Math.min(random.exponential(everyMs), everyMs * 5);
    const [topic, text] = random.pick(QUESTIONS);
    yield {
      atMs,
      asker: random.below(users),
      text,
      ...(random.chance(3, 4) ? { topic } : {}),
      ...(random.chance(1, 6) ? { languages: [random.pick(OTHER_LANGUAGES)] } : {}),
      answersWanted: random.chance(1, 6) ? 2 : 1,
    };
  }
}

const OTHER_LANGUAGES = ['es', 'zh', 'fr', 'tl'] as const;

const QUESTIONS: readonly (readonly [topic: string, text: string])[] = [
  ['food', 'Is the bakery on the corner still open?'],
  ['food', 'How long is the queue at the taqueria?'],
  ['food', 'Where is good coffee near here?'],
  ['ride', 'Can somebody take me to the station?'],
  ['ride', 'Is anyone driving downtown just now?'],
  ['repair', 'My chain broke: who has a bike tool?'],
  ['repair', 'Can somebody jump-start my car?'],
  ['delivery', 'Can somebody bring me a charger?'],
  ['delivery', 'Who can carry a chair up two floors?'],
  ['local', 'Is the farmers market on today?'],
  ['local', 'Is the playground in the shade?'],
  ['local', 'Which bus goes to the beach from here?'],
  ['first-aid', 'Who has a plaster? Nothing serious.'],
  ['first-aid', 'Is there a pharmacy open nearby?'],
];

export const TOPICS: readonly string[] = [...new Set(QUESTIONS.map(([topic]) => topic))];

const NAMES = [
  'Ana',
  'Ben',
  'Chidi',
  'Dana',
  'Elif',
  'Femi',
  'Grace',
  'Hana',
  'Ines',
  'Jun',
  'Kofi',
  'Lena',
  'Mei',
  'Noor',
  'Omar',
  'Priya',
  'Quinn',
  'Rosa',
  'Sami',
  'Tara',
  'Uma',
  'Vera',
  'Wen',
  'Ximena',
  'Yuki',
  'Zoe',
  'Amir',
  'Bao',
  'Cleo',
  'Dov',
];

// What a simulated run looks like: its size, and which faults strike how often, all drawn from the seed unless given.
import { type Prng, prng } from '../src/lib/prng.ts';

/** Chances are of 10,000; times in ms. Zero switches a fault off. */
export type Faults = {
  readonly loseRequest: number;
  readonly loseReply: number;
  readonly duplicate: number;
  /** A message is held back for seconds, behind others. */
  readonly hold: number;
  readonly crashBeforeCommit: number;
  readonly crashAfterCommit: number;
  /** Between any two effects after the commit. */
  readonly crashMidPublish: number;
  readonly evict: number;
  readonly lateAlarm: number;
  readonly doubleAlarm: number;
  readonly loseAlarm: number;
  readonly dropSocket: number;
  readonly silentCell: number;
  readonly d1Away: number;
  readonly skewMs: number;
  readonly jitterM: number;
  readonly teleport: number;
  readonly reinstall: number;
  readonly goOffline: number;
  /** What a step wants to write is too large. */
  readonly refuseCommit: number;
  /** A hint for the sweep's list does not get there. */
  readonly loseBusy: number;
  /** How late a change of the map reaches the replicas at most. */
  readonly replicaLagMs: number;
  /** An object is constructed anew while its old instance goes on for some seconds, cut off from its disk. */
  readonly cutOff: number;
  /** So many cells lose their disk, each at some moment. */
  readonly loseStorage: number;
  /** The platform refuses a call, as its object has too many. */
  readonly overload: number;
  /** The way to an object breaks while it is called: the call may have been carried out. */
  readonly breakStub: number;
  /** Some hundred calls of other people wait for the cell at this isolate. */
  readonly flood: number;
};

export type FaultName = keyof Faults;

export type SimOptions = {
  readonly seed: number;
  readonly cells: number;
  readonly users: number;
  readonly questions: number;
  readonly minutes: number;
  /** Mean time of a message on its way. */
  readonly delayMs: number;
  /** Of 100 users, how many ping every second or two and jump about. */
  readonly nervous: number;
  /** Of 100 users, how many have a second device elsewhere. */
  readonly twins: number;
  /** Rest after an offer that was declined or ran out. */
  readonly cooldownMs: number;
  /** What a cell is to carry a second: low enough, and it refuses. */
  readonly eventsPerS: number;
  /** Of 100 users, how many ping as they like, whatever they are told. */
  readonly deaf: number;
  /** Of 100 users without a socket, how many send no session and no number with their pings. */
  readonly plain: number;
  /** Leaves that are split by hand, and families of leaves that are merged, at random moments. */
  readonly splits: number;
  readonly merges: number;
  /** Whether the city is taken away at some moment. */
  readonly removed: boolean;
  /** Whether cells that were split are merged again by themselves, when they have been cold for long. */
  readonly rejoins?: boolean;
  /** People that a cell is to carry: it splits by itself at twice as many. */
  readonly crowd: number;
  /** Open questions that one user may have. */
  readonly openMax?: number;
  readonly faults: Faults;
  /** Runs every checker; off for measuring the bare machine. */
  readonly check: boolean;
};

export type SimSize = Partial<Pick<SimOptions, 'cells' | 'users' | 'questions' | 'minutes'>>;

export const NO_FAULTS: Faults = {
  loseRequest: 0,
  loseReply: 0,
  duplicate: 0,
  hold: 0,
  crashBeforeCommit: 0,
  crashAfterCommit: 0,
  crashMidPublish: 0,
  evict: 0,
  lateAlarm: 0,
  doubleAlarm: 0,
  loseAlarm: 0,
  dropSocket: 0,
  silentCell: 0,
  d1Away: 0,
  skewMs: 0,
  jitterM: 0,
  teleport: 0,
  reinstall: 0,
  goOffline: 0,
  refuseCommit: 0,
  loseBusy: 0,
  replicaLagMs: 0,
  cutOff: 0,
  loseStorage: 0,
  overload: 0,
  breakStub: 0,
  flood: 0,
};

/** The worst of each fault; a seed draws which strike, and how hard. */
const WORST: Omit<Faults, 'refuseCommit' | 'loseStorage' | keyof typeof PLATFORM | keyof typeof WORST_CALLS> = {
  loseRequest: 1500,
  loseReply: 1500,
  duplicate: 1500,
  hold: 1000,
  crashBeforeCommit: 200,
  crashAfterCommit: 200,
  crashMidPublish: 200,
  evict: 1500,
  lateAlarm: 5000,
  doubleAlarm: 2000,
  loseAlarm: 2000,
  dropSocket: 1000,
  silentCell: 60,
  d1Away: 60,
  skewMs: 20_000,
  jitterM: 300,
  teleport: 600,
  reinstall: 600,
  goOffline: 300,
};

/** The same of what the platform itself does; drawn apart, so that the rest of a seed stays what it was. */
const PLATFORM = { loseBusy: 3000, replicaLagMs: 120_000, cutOff: 200 };
/** The same, of an isolate's calls; of a draw of its own, so that the seeds of before stay what they were. */
const WORST_CALLS = { overload: 500, breakStub: 1500, flood: 40 };
const CALLS = 0xca11;

/** Swarm testing: each seed draws its own mix, so that no fault hides another. */
export function optionsOf(seed: number, size: SimSize = {}): SimOptions {
  const draw = prng(seed);
  // Of one kind no draw: the seeds of before stay what they were.
  const faults: Record<FaultName, number> = { ...NO_FAULTS, refuseCommit: seed % 3 === 0 ? 100 : 0 };
  const platform = prng(seed ^ 0x00d1_00d1);
  for (const name of Object.keys(PLATFORM) as (keyof typeof PLATFORM)[])
    if (platform.chance(3, 5)) faults[name] = Math.round(PLATFORM[name] * platform.unit());
  faults.loseStorage = platform.pick([0, 0, 0, 1, 2]);
  for (const name of Object.keys(WORST) as (keyof typeof WORST)[]) {
    faults[name] = draw.chance(2, 5) ? 0 : Math.round(WORST[name] * draw.unit() ** 1.5);
  }
  const calls = prng(seed ^ CALLS);
  for (const name of Object.keys(WORST_CALLS) as (keyof typeof WORST_CALLS)[]) {
    faults[name] = calls.chance(2, 5) ? 0 : Math.round(WORST_CALLS[name] * calls.unit() ** 1.5);
  }
  // A late copy could initialise again what has lost its storage, by a row of before: nothing is promised there (decision 93).
  if (faults.loseStorage > 0) Object.assign(faults, { duplicate: 0, hold: 0, breakStub: 0 });
  return {
    seed,
    cells: size.cells ?? draw.pick([2, 2, 3, 4, 6, 9]),
    users: size.users ?? 4 + draw.below(20),
    questions: size.questions ?? 6 + draw.below(50),
    minutes: size.minutes ?? 3 + draw.below(8),
    delayMs: draw.pick([5, 15, 15, 100, 600]),
    nervous: draw.pick([0, 20, 60]),
    cooldownMs: draw.pick([0, 3000]),
    twins: draw.pick([0, 0, 15]),
    splits: draw.pick([0, 0, 1, 2, 4]),
    merges: draw.pick([0, 1, 3]),
    crowd: draw.pick([1000, 1000, 6]),
    faults,
    eventsPerS: draw.pick([100, 100, 2, 0.3]),
    deaf: draw.pick([0, 30, 100]),
    plain: draw.pick([0, 50, 100]),
    removed: draw.chance(1, 4),
    rejoins: seed % 2 === 0,
    openMax: calls.pick([20, 20, 5, 2]),
    check: true,
  };
}

export const forkOf = (options: SimOptions): Prng => prng(options.seed ^ 0x5eed_5eed);

// What a border run found: sums over questions by where they were asked, the figures made of them, and the table of it all.

/** Sums over questions, so that runs of several seeds add up. */
export type Tally = {
  asked: number;
  /** Accepted by somebody within `MATCHED_WITHIN_MS`. */
  matched: number;
  offered: number;
  /** Metres, of the best offer of the first try of each question that got one. */
  firstOfferM: number;
  /** Metres, of the first accepted offer of each question that was matched in time. */
  acceptedM: number;
};
export type Place = 'border' | 'middle' | 'all';
export type BorderReport = Readonly<Record<'divided' | 'undivided', Readonly<Record<Place, Tally>>>>;

export const MATCHED_WITHIN_MS = 10_000;
export const PLACES: readonly Place[] = ['border', 'middle', 'all'];

export function tallies(): Record<Place, Tally> {
  const empty = (): Tally => ({ asked: 0, matched: 0, offered: 0, firstOfferM: 0, acceptedM: 0 });
  return { border: empty(), middle: empty(), all: empty() };
}

export function addUp(reports: readonly BorderReport[]): BorderReport {
  const sum = (of: 'divided' | 'undivided'): Record<Place, Tally> => {
    const total = tallies();
    for (const report of reports) {
      for (const place of PLACES) {
        for (const key of Object.keys(total[place]) as (keyof Tally)[]) total[place][key] += report[of][place][key];
      }
    }
    return total;
  };
  return { divided: sum('divided'), undivided: sum('undivided') };
}

/** Per question: the share matched in time, and the mean metres of first and of accepted offers. */
export function figures(tally: Tally): {
  readonly matched: number;
  readonly firstM: number;
  readonly acceptedM: number;
} {
  return {
    matched: tally.matched / tally.asked,
    firstM: tally.firstOfferM / tally.offered,
    acceptedM: tally.acceptedM / tally.matched,
  };
}

/** The table that `node bench/border.ts` prints, a line each. */
export function borderTable({ divided, undivided }: BorderReport): readonly string[] {
  const line = (name: string, values: readonly string[]): string =>
    name.padEnd(34) + values.map((value) => value.padStart(14)).join('');
  const of = (name: string, tally: Tally): string => {
    const { matched, firstM, acceptedM } = figures(tally);
    return line(name, [String(tally.asked), percent(matched), metres(firstM), metres(acceptedM)]);
  };
  const against = (name: string, a: Tally, b: Tally): string => {
    const [x, y] = [figures(a), figures(b)];
    const off = (key: keyof typeof x): string => `${((x[key] / y[key] - 1) * 100).toFixed(2)} %`;
    return line(name, ['', off('matched'), off('firstM'), off('acceptedM')]);
  };
  return [
    line('', ['questions', `in ${MATCHED_WITHIN_MS / 1000} s`, 'first offer', 'accepted']),
    ...PLACES.flatMap((place) => [of(`${place}, divided`, divided[place]), of(`${place}, one cell`, undivided[place])]),
    ...PLACES.map((place) => against(`${place}: divided against one cell`, divided[place], undivided[place])),
    against('divided: border against middle', divided.border, divided.middle),
    against('one cell: border against middle', undivided.border, undivided.middle),
  ];
}

const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;
const metres = (m: number): string => `${m.toFixed(1)} m`;

// Line charts as SVG text: logarithmic, a few series, legible on a light and on a dark ground. No library: some lines and labels.

export type Series = { readonly name: string; readonly color: string; readonly values: readonly number[] };
export type Chart = {
  readonly title: string;
  readonly note: string;
  /** Of the points, from left to right. */
  readonly labels: readonly string[];
  readonly axis: string;
  readonly scale: 'log' | 'linear';
  readonly series: readonly Series[];
  /** A line across, with a word. */
  readonly limit?: { readonly at: number; readonly name: string };
  readonly format: (value: number) => string;
};

const WIDTH = 780;
const HEIGHT = 400;
const LEFT = 78;
const RIGHT = 172;
const TOP = 58;
const BOTTOM = 46;

export function chartSvg(chart: Chart): string {
  const { labels, series, limit, format, scale } = chart;
  const values = [...series.flatMap((one) => one.values), ...(limit === undefined ? [] : [limit.at])].filter(
    Number.isFinite,
  );
  const ticks = scale === 'log' ? logTicks(values) : linearTicks(values);
  const [low, high] = [ticks[0] as number, ticks[ticks.length - 1] as number];
  const place = (value: number): number => (scale === 'log' ? Math.log(Math.max(value, low)) : value);
  const y = (value: number): number =>
    TOP + (HEIGHT - TOP - BOTTOM) * (1 - (place(value) - place(low)) / (place(high) - place(low)));
  const x = (i: number): number => LEFT + ((WIDTH - LEFT - RIGHT) * i) / Math.max(1, labels.length - 1);
  const ends = spread(series.map(({ values: all }) => y(all[all.length - 1] as number)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="13" role="img">`,
    `<title>${escaped(chart.title)}</title>`,
    '<style>.ground{fill:#fff}.text{fill:#1f2328}.soft{fill:#59636e}.grid{stroke:#d1d9e0}.limit{stroke:#59636e}',
    '@media (prefers-color-scheme:dark){.ground{fill:#0d1117}.text{fill:#f0f6fc}.soft{fill:#9198a1}.grid{stroke:#3d444d}.limit{stroke:#9198a1}}</style>',
    `<rect class="ground" width="${WIDTH}" height="${HEIGHT}" rx="6"/>`,
    `<text class="text" x="${LEFT}" y="24" font-size="16" font-weight="600">${escaped(chart.title)}</text>`,
    `<text class="soft" x="${LEFT}" y="43">${escaped(chart.note)}</text>`,
    ...ticks.map(
      (tick) =>
        `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${round(y(tick))}" y2="${round(y(tick))}"/>` +
        `<text class="soft" x="${LEFT - 8}" y="${round(y(tick) + 4)}" text-anchor="end">${escaped(format(tick))}</text>`,
    ),
    ...labels.map((label, i) =>
      i % Math.ceil(labels.length / 12) === 0
        ? `<text class="soft" x="${round(x(i))}" y="${HEIGHT - BOTTOM + 20}" text-anchor="middle">${escaped(label)}</text>`
        : '',
    ),
    `<text class="soft" x="${LEFT + (WIDTH - LEFT - RIGHT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">${escaped(chart.axis)}</text>`,
    ...(limit === undefined
      ? []
      : [
          `<line class="limit" stroke-dasharray="5 4" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${round(y(limit.at))}" y2="${round(y(limit.at))}"/>`,
          `<text class="soft" x="${WIDTH - RIGHT + 8}" y="${round(y(limit.at) + 4)}">${escaped(limit.name)}</text>`,
        ]),
    ...series.map(({ color, values: all }) => {
      const points = all.map((value, i) => `${round(x(i))},${round(y(value))}`);
      const dots = points.map((point) => `<circle cx="${point.replace(',', '" cy="')}" r="3" fill="${color}"/>`);
      return `<polyline fill="none" stroke="${color}" stroke-width="2.5" points="${points.join(' ')}"/>${dots.join('')}`;
    }),
    ...series.map(
      ({ name, color }, i) =>
        `<text x="${WIDTH - RIGHT + 8}" y="${round((ends[i] as number) + 4)}" fill="${color}" font-weight="600">${escaped(name)}</text>`,
    ),
    '</svg>',
    '',
  ].join('\n');
}

/** Powers of ten around all that is above nought. */
function logTicks(values: readonly number[]): readonly number[] {
  const above = values.filter((value) => value > 0);
  if (above.length === 0) return [1, 10];
  const from = Math.floor(Math.log10(Math.min(...above)));
  const to = Math.max(from + 1, Math.ceil(Math.log10(Math.max(...above))));
  const step = Math.ceil((to - from) / 8);
  const ticks: number[] = [];
  for (let power = from; power < to + step; power += step) ticks.push(10 ** power);
  return ticks;
}

function linearTicks(values: readonly number[]): readonly number[] {
  const most = Math.max(...values, 1e-9);
  const raw = most / 5;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= raw) ?? 10) * power;
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, i) => i * step);
}

/** Labels at the ends of lines, moved apart where they would lie on each other. */
function spread(ends: readonly number[]): readonly number[] {
  const placed = [...ends];
  const order = ends.map((_end, i) => i).sort((a, b) => (ends[a] as number) - (ends[b] as number));
  for (let n = 1; n < order.length; n++) {
    const [before, here] = [order[n - 1] as number, order[n] as number];
    placed[here] = Math.max(placed[here] as number, (placed[before] as number) + 17);
  }
  return placed;
}

const round = (value: number): number => Math.round(value * 10) / 10;
const escaped = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

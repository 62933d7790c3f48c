// A progress bar: one line that is redrawn on a terminal, an occasional plain line elsewhere (a log, a pipe).
export interface ProgressOptions {
  readonly label: string;
  /** How much there is to do; undefined when nobody knows. */
  readonly total?: number;
  /** stderr if not said, so that stdout stays free for results. */
  readonly output?: NodeJS.WriteStream;
  readonly plainEveryMs?: number;
}

export interface Progress {
  /** `note` is shown behind the numbers, for example `1,200/s`. `leftMs` is for those who know; else it is guessed from the share. */
  readonly set: (done: number, note?: string, leftMs?: number) => void;
  readonly add: (more: number, note?: string) => void;
  /** Draws the last state and ends the line. */
  readonly finish: (note?: string) => void;
}

const BAR_COLUMNS = 24;
const REDRAW_MS = 80;
const PLAIN_EVERY_MS = 5000;

export function startProgress(options: ProgressOptions): Progress {
  const { output = process.stderr, plainEveryMs = PLAIN_EVERY_MS } = options;
  const startedMs = performance.now();
  let done = 0;
  let note = '';
  let leftMs: number | undefined;
  let drawnMs = output.isTTY ? -Infinity : startedMs;
  let finished = false;

  const draw = (): void => {
    const elapsedMs = performance.now() - startedMs;
    const line = progressLine({ label: options.label, total: options.total, done, note, elapsedMs, leftMs, finished });
    if (output.isTTY) output.write(`\r\x1b[K${line.slice(0, (output.columns ?? 80) - 1)}${finished ? '\n' : ''}`);
    else output.write(`${line}\n`);
  };
  const set = (value: number, newNote?: string, newLeftMs?: number): void => {
    if (finished) return;
    done = value;
    note = newNote ?? note;
    leftMs = newLeftMs;
    const nowMs = performance.now();
    if (nowMs - drawnMs < (output.isTTY ? REDRAW_MS : plainEveryMs)) return;
    drawnMs = nowMs;
    draw();
  };
  return {
    set,
    add: (more, newNote) => set(done + more, newNote),
    finish: (newNote) => {
      if (finished) return;
      note = newNote ?? note;
      finished = true;
      draw();
    },
  };
}

export interface ProgressState {
  readonly label: string;
  readonly total: number | undefined;
  readonly done: number;
  readonly note: string;
  readonly elapsedMs: number;
  /** Where it is known. */
  readonly leftMs?: number | undefined;
  readonly finished: boolean;
}

/** The text of the line, without terminal codes. */
export function progressLine({ label, total, done, note, elapsedMs, leftMs: known, finished }: ProgressState): string {
  const seconds = (ms: number): string => (ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`);
  const tail = note === '' ? '' : `  ${note}`;
  if (total === undefined || total <= 0) return `${label}  ${count(done)}  ${seconds(elapsedMs)}${tail}`;
  const share = Math.min(1, Math.max(0, done / total));
  const full = Math.round(share * BAR_COLUMNS);
  const bar = `${'█'.repeat(full)}${'░'.repeat(BAR_COLUMNS - full)}`;
  const guessed = share > 0 ? (elapsedMs * (1 - share)) / share : undefined;
  const leftMs = finished ? undefined : (known ?? guessed);
  const time = leftMs === undefined ? seconds(elapsedMs) : `${seconds(leftMs)} left`;
  return `${label}  ${bar} ${String(Math.floor(share * 100)).padStart(3)} %  ${count(done)}/${count(total)}  ${time}${tail}`;
}

/** 1234567 as `1,234,567`. */
export function count(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 cell`, `1,200 cells`. */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${Math.round(value) === 1 ? '' : 's'}`;
}

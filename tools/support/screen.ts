// A live block of lines: rewritten in place on a terminal; elsewhere its short form as a plain line every few seconds.
export interface ScreenOptions {
  /** stdout if not said. */
  readonly output?: NodeJS.WriteStream;
  readonly plainEveryMs?: number;
}

export interface Screen {
  /** Shows `lines`; where there is no terminal, `plain` (or the lines joined) when it is time for it. */
  readonly show: (lines: readonly string[], plain?: string) => void;
  /** Writes a line above the block, to stay. */
  readonly log: (line: string) => void;
  /** Leaves the last block standing and gives the cursor back. */
  readonly finish: () => void;
}

const REDRAW_MS = 100;
const PLAIN_EVERY_MS = 5000;

export function openScreen(options: ScreenOptions = {}): Screen {
  const { output = process.stdout } = options;
  return output.isTTY ? terminalScreen(output) : plainScreen(output, options.plainEveryMs ?? PLAIN_EVERY_MS);
}

function terminalScreen(output: NodeJS.WriteStream): Screen {
  let lines: readonly string[] = [];
  let drawnLines = 0;
  let drawnMs = -Infinity;
  let open = true;
  const restore = (): void => void output.write('\x1b[?25h');
  output.write('\x1b[?25l');
  process.once('exit', restore);

  const clear = (): string => `${drawnLines > 0 ? `\x1b[${drawnLines}A` : ''}\r\x1b[J`;
  const draw = (above: string): void => {
    // A block taller than the terminal cannot be rewritten: what scrolled out of sight is out of reach.
    const fitting = lines
      .slice(0, Math.max(1, (output.rows ?? 24) - 1))
      .map((line) => cutToWidth(line, output.columns ?? 80));
    output.write(`${clear()}${above}${fitting.map((line) => `${line}\n`).join('')}`);
    drawnLines = fitting.length;
    drawnMs = performance.now();
  };
  return {
    show: (next) => {
      lines = next;
      if (open && performance.now() - drawnMs >= REDRAW_MS) draw('');
    },
    log: (line) => {
      if (open) draw(`${line}\n`);
      else output.write(`${line}\n`);
    },
    finish: () => {
      if (!open) return;
      draw('');
      open = false;
      process.removeListener('exit', restore);
      restore();
    },
  };
}

function plainScreen(output: NodeJS.WriteStream, everyMs: number): Screen {
  let last = '';
  let wrote = '';
  let wroteMs = -Infinity;
  const write = (): void => {
    output.write(`${last}\n`);
    wrote = last;
    wroteMs = performance.now();
  };
  return {
    show: (lines, plain) => {
      last =
        plain ??
        lines
          .map((line) => line.trim())
          .filter((line) => line !== '')
          .join(' | ');
      if (performance.now() - wroteMs >= everyMs) write();
    },
    log: (line) => void output.write(`${line}\n`),
    finish: () => {
      if (last !== wrote) write();
    },
  };
}

/** Cuts a line to the terminal's width, counting what is seen: colour codes take no room. */
export function cutToWidth(line: string, columns: number): string {
  let seen = 0;
  let cut = '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what colour codes begin with
  for (const [part] of line.matchAll(/\x1b\[[\d;]*m|[\s\S]/gu)) {
    const code = part.length > 1 && part.startsWith('\x1b[');
    if (!code && seen >= columns - 1) continue;
    if (!code) seen += 1;
    cut += part;
  }
  return cut;
}

// A picture of dots for the terminal: two by four to a character, as braille; colours and letters go by the character.
export type DotBox = { readonly west: number; readonly north: number; readonly east: number; readonly south: number };

// The bit of each dot of a braille character, row by row.
const BITS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;
const BRAILLE = 0x2800;

export class Dots {
  readonly width: number;
  readonly height: number;
  readonly #columns: number;
  readonly #rows: number;
  readonly #on: Uint8Array;
  /** Dots that outshine the others of their character. */
  readonly #inked: Map<number, { bits: number; colour: string }> = new Map();
  readonly #tints: Map<number, { readonly colour: string; readonly rank: number }> = new Map();
  readonly #letters: Map<number, string> = new Map();

  /** In dots. */
  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.#columns = Math.ceil(width / 2);
    this.#rows = Math.ceil(height / 4);
    this.#on = new Uint8Array(this.#columns * this.#rows);
  }

  set(x: number, y: number): void {
    const at = this.#at(x, y);
    if (at >= 0) this.#on[at] = (this.#on[at] as number) | bitOf(x, y);
  }

  has(x: number, y: number): boolean {
    const at = this.#at(x, y);
    return at >= 0 && ((this.#on[at] as number) & bitOf(x, y)) !== 0;
  }

  /** East and south are left out. */
  fill({ west, north, east, south }: DotBox, how: 'full' | 'half' = 'full'): void {
    for (let y = north; y < south; y++) {
      for (let x = west; x < east; x++) if (how === 'full' || (x + y) % 2 === 0) this.set(x, y);
    }
  }

  /** East and south are drawn, so that the outlines of neighbours fall together. */
  outline({ west, north, east, south }: DotBox): void {
    for (let x = west; x <= east; x++) {
      this.set(x, north);
      this.set(x, south);
    }
    for (let y = north; y <= south; y++) {
      this.set(west, y);
      this.set(east, y);
    }
  }

  /** A dot in a colour; where one is, the others of its character are not shown. */
  ink(x: number, y: number, colour: string): void {
    const at = this.#at(x, y);
    if (at < 0) return;
    const known = this.#inked.get(at);
    if (known === undefined) this.#inked.set(at, { bits: bitOf(x, y), colour });
    else known.bits |= bitOf(x, y);
  }

  /** The colour of all characters that the box and its outline touch; the highest rank wins. */
  tint({ west, north, east, south }: DotBox, tint: { readonly colour: string; readonly rank: number }): void {
    for (let row = north >> 2; row <= south >> 2; row++) {
      for (let column = west >> 1; column <= east >> 1; column++) {
        const at = row * this.#columns + column;
        if ((this.#tints.get(at)?.rank ?? -1) < tint.rank) this.#tints.set(at, tint);
      }
    }
  }

  /** Letters in place of dots, from a character on. */
  write(column: number, row: number, text: string): void {
    if (row < 0 || row >= this.#rows) return;
    for (const [i, letter] of [...text].entries()) {
      const x = column + i;
      if (x >= 0 && x < this.#columns) this.#letters.set(row * this.#columns + x, letter);
    }
  }

  /** Without spaces at the ends; with the codes of a terminal if asked for colours. */
  lines(colours: boolean): readonly string[] {
    return Array.from({ length: this.#rows }, (_, row) => this.#line(row, colours));
  }

  #line(row: number, colours: boolean): string {
    let line = '';
    let present = '';
    let ended = 0;
    for (let column = 0; column < this.#columns; column++) {
      const at = row * this.#columns + column;
      const letter = this.#letters.get(at);
      const inked = letter === undefined && colours ? this.#inked.get(at) : undefined;
      const bits = inked?.bits ?? (this.#on[at] as number);
      const shown = letter ?? (bits === 0 ? ' ' : String.fromCharCode(BRAILLE + bits));
      const colour = shown === ' ' ? present : (inked?.colour ?? this.#tints.get(at)?.colour ?? '');
      if (colours && colour !== present) {
        line += colour === '' ? '\x1b[0m' : `\x1b[0;${colour}m`;
        present = colour;
      }
      line += shown;
      if (shown !== ' ') ended = line.length;
    }
    const kept = line.slice(0, ended);
    return colours && kept.includes('\x1b') ? `${kept}\x1b[0m` : kept;
  }

  #at(x: number, y: number): number {
    if (x < 0 || y < 0 || x >= this.#columns * 2 || y >= this.#rows * 4) return -1;
    return (y >> 2) * this.#columns + (x >> 1);
  }
}

function bitOf(x: number, y: number): number {
  return (BITS[y & 3] as (typeof BITS)[number])[x & 1] as number;
}

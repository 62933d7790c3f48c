// Progress and live screen: what a terminal gets, and what a log gets instead.
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { count, counted, progressLine, startProgress } from '../../../../tools/support/progress.ts';
import { cutToWidth, openScreen } from '../../../../tools/support/screen.ts';

function fakeOutput(isTTY: boolean): { readonly output: NodeJS.WriteStream; readonly text: () => string } {
  let text = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  const output = Object.assign(stream, { isTTY, columns: 60, rows: 10 }) as unknown as NodeJS.WriteStream;
  return { output, text: () => text };
}

describe('progress', () => {
  it('shows share, numbers and the time left', () => {
    const state = { label: 'replay', total: 2000, done: 500, note: '100/s', elapsedMs: 5000, finished: false };
    expect(progressLine(state)).toBe('replay  ██████░░░░░░░░░░░░░░░░░░  25 %  500/2,000  15 s left  100/s');
    expect(progressLine({ ...state, done: 2000, finished: true, note: '' })).toBe(
      'replay  ████████████████████████ 100 %  2,000/2,000  5.0 s',
    );
    expect(progressLine({ ...state, leftMs: 43_000, note: '' })).toMatch(/ 500\/2,000 {2}43 s left$/);
    expect(progressLine({ ...state, total: undefined, note: '' })).toBe('replay  500  5.0 s');
    expect(progressLine({ ...state, done: 9999 })).toContain('100 %');
  });

  it('redraws one line on a terminal and ends it', () => {
    const { output, text } = fakeOutput(true);
    const progress = startProgress({ label: 'x', total: 4, output });
    for (let i = 0; i < 4; i++) progress.add(1);
    progress.finish();
    progress.finish();
    expect(text().match(/\n/g)).toHaveLength(1);
    expect(text().startsWith('\r\x1b[K')).toBe(true);
    expect(text().split('\r\x1b[K').at(-1)).toContain('100 %');
  });

  it('writes no control codes where there is no terminal, and few lines', () => {
    const { output, text } = fakeOutput(false);
    const progress = startProgress({ label: 'x', total: 1000, output });
    for (let i = 0; i < 1000; i++) progress.add(1);
    progress.finish('done');
    expect(text()).toMatch(/^x .*1,000\/1,000 .*done\n$/);
    expect(text()).not.toContain('\x1b');
  });

  it('counts things', () => {
    expect([0, 1, 1200].map((value) => counted(value, 'cell'))).toEqual(['0 cells', '1 cell', '1,200 cells']);
  });

  it('groups digits', () => {
    expect([0, 999, 1000, 1234567.4].map(count)).toEqual(['0', '999', '1,000', '1,234,567']);
  });
});

describe('screen', () => {
  it('goes back over the block that it drew before', () => {
    const { output, text } = fakeOutput(true);
    const screen = openScreen({ output });
    screen.show(['one', 'two']);
    screen.log('kept');
    screen.finish();
    expect(text()).toBe('\x1b[?25l\r\x1b[Jone\ntwo\n\x1b[2A\r\x1b[Jkept\none\ntwo\n\x1b[2A\r\x1b[Jone\ntwo\n\x1b[?25h');
  });

  it('never draws more lines than the terminal has', () => {
    const { output, text } = fakeOutput(true);
    openScreen({ output }).show(Array.from({ length: 50 }, (_, i) => `line ${i}`));
    expect(text().match(/\n/g)).toHaveLength(9);
  });

  it('writes the short form where there is no terminal: at once, and at the end what was last', () => {
    const { output, text } = fakeOutput(false);
    const screen = openScreen({ output });
    screen.show(['a  1', '', ' b 2'], 'a=1');
    screen.show(['x'], 'a=2');
    screen.show(['x', ' y']);
    screen.finish();
    expect(text()).toBe('a=1\nx | y\n');
  });

  it('cuts to the width that is seen', () => {
    expect(cutToWidth('\x1b[31mabcdef\x1b[0m', 5)).toBe('\x1b[31mabcd\x1b[0m');
    expect(cutToWidth('abc', 5)).toBe('abc');
  });
});

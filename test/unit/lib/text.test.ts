// Texts as people see them.
import { describe, expect, it } from 'vitest';
import { cleaned, folded, isBlank, utf8Length } from '../../../src/lib/text.ts';

const everyCharacter = function* (): Generator<string> {
  for (let code = 0; code <= 0x10ffff; code++) {
    if (code < 0xd800 || code > 0xdfff) yield String.fromCodePoint(code);
  }
};

describe('EDGE1 a text that nobody can see', () => {
  it.each([
    ['nothing', ''],
    ['white space of all kinds', ' \t\n\u00a0\u1680\u2003\u3000\u2028'],
    ['zero-width space, joiner, non-joiner', '\u200b\u200d\u200c'],
    ['word joiner and byte order mark', '\u2060\ufeff'],
    ['Hangul fillers', '\u115f\u1160\u3164\uffa0'],
    ['directions', '\u200e\u202e\u2066\u061c'],
    ['soft hyphen, grapheme joiner, variation selectors', '\u00ad\u034f\ufe0f\u{e0100}'],
    ['tags', '\u{e0041}'],
    ['the blank of Braille', '\u2800'],
    ['control characters', '\u0001\u0085'],
    ['a code point that means nothing', '\uffff\u{10fffe}'],
  ])('%s', (_what, text) => {
    expect(isBlank(text)).toBe(true);
    expect(isBlank(`${text}a`)).toBe(false);
  });

  it.each(['.', '?', '\u00e9', 'e\u0301', '\u2764\ufe0f', '\u{1f1e9}\u{1f1ea}', '\u0643', '\u2801', '\u{20000}'])(
    '%s is one that people can see',
    (text) => {
      expect(isBlank(text)).toBe(false);
    },
  );

  it('no letter, digit or sign with a shape is taken for nothing', () => {
    const fillers = '\u115f\u1160\u3164\uffa0\u2800\ufffc\u{1d159}\u{13441}\u{13442}';
    const wrong = [...everyCharacter()].filter(
      (one) => /^[\p{L}\p{N}\p{P}\p{S}]$/u.test(one) && isBlank(one) && !fillers.includes(one),
    );
    expect(wrong).toEqual([]);
  });
});

describe('EDGE5 folding', () => {
  it.each([
    ['Bikes ', 'bikes'],
    ['Caf\u00e9', 'CAFE\u0301'],
    ['Stra\u00dfe', 'STRASSE'],
    ['stra\u1e9ee', 'strasse'],
    ['\u039f\u0394\u039f\u03a3', '\u03bf\u03b4\u03bf\u03c2'],
    ['\u212a', 'k'],
    ['\u212b', '\u00e5'],
    ['\u0130', 'i\u0307'],
    ['\ufb01t', 'FIT'],
  ])('%s and %s are one', (one, other) => {
    expect(folded(one)).toBe(folded(other));
  });

  it.each([
    ['caf\u00e9', 'cafe'],
    ['k\u0131z', 'kiz'],
    ['first aid', 'firstaid'],
    ['c', '\u0441'],
  ])('%s and %s are two', (one, other) => {
    expect(folded(one)).not.toBe(folded(other));
  });

  it('joins what Unicode says is one letter in two cases, and is at rest after one time', () => {
    const apart: string[] = [];
    for (const one of everyCharacter()) {
      if (!/\p{Changes_When_Casemapped}/u.test(one)) continue;
      const key = folded(one);
      if (folded(key) !== key) apart.push(`${one} is not at rest`);
      for (const cased of [one.toLowerCase(), one.toUpperCase()]) {
        // The dotless i has the case of another letter, and is none.
        if (one !== '\u0131' && folded(cased) !== key) apart.push(`${one} ${cased}`);
      }
    }
    expect(apart).toEqual([]);
  });
});

describe('TEXT1 a text as it is kept', () => {
  it.each([
    ['tab and newline stay', 'a\tb\nc', 'a\tb\nc'],
    ['every way to end a line is a newline', 'a\r\nb\rc', 'a\nb\nc'],
    ['control characters go, of both sets', 'a\u0000\u001b\u007f\u0085\u009fb', 'ab'],
    ['half pairs go, whole ones stay', 'a\ud83d\u{1f6b2}\ude00b', 'a\u{1f6b2}b'],
    ['what was kept apart by them makes no pair', '\ud83d\u0001\ude00', ''],
    ['marks that turn the direction go', 'a\u202eb\u2066c\u2069', 'abc'],
    ['joiners stay: emoji and scripts need them', '\u{1f469}\u200d\u{1f692}', '\u{1f469}\u200d\u{1f692}'],
  ])('%s', (_what, text, kept) => {
    expect(cleaned(text)).toBe(kept);
    expect(cleaned(kept)).toBe(kept);
  });

  it('is measured in bytes of UTF-8', () => {
    for (const text of ['', 'abc', 'é', '€', '\u{1f6b2}', 'a€\u{1f6b2}é'])
      expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length);
  });
});

// Schemas of the public interface: what is taken, and the stable code for what is not.

import fc from 'fast-check';
import type { GenericSchema } from 'valibot';
import { describe, expect, it } from 'vitest';
import { parseBody, parseQuery } from '../../../src/protocol/parse.ts';
import {
  ackSchema,
  answerSchema,
  cellsQuerySchema,
  citySchema,
  eventsQuerySchema,
  patchSchema,
  presenceSchema,
  type QuerySchema,
  questionSchema,
  streamQuerySchema,
} from '../../../src/protocol/wire.ts';

const AT = { lat: 37.77, lng: -122.42 };
const ASK = { ...AT, text: 'Is the bakery open?' };

const codeOf = (schema: GenericSchema, value: unknown): string => {
  const parsed = parseBody(schema, value);
  return parsed.ok ? 'ok' : parsed.error.code;
};

describe('bodies that are taken', () => {
  it.each([
    ['presence, the least', presenceSchema, AT],
    [
      'presence, everything',
      presenceSchema,
      {
        ...AT,
        accuracyM: 12.5,
        topics: ['coffee', 'first aid', 'répa:vélo'],
        languages: ['en', 'pt-BR'],
        capacity: 3,
        ttlS: 60,
        session: 'phone-1',
        seq: 0,
        cell: '9q8yy',
      },
    ],
    ['presence at the pole and the antimeridian', presenceSchema, { lat: -90, lng: 180 }],
    ['presence that wants no offers', presenceSchema, { ...AT, capacity: 0, topics: [] }],
    ['question, the least', questionSchema, ASK],
    [
      'question, everything',
      questionSchema,
      { ...ASK, topic: 'food', languages: ['es'], radiusM: 800, answersWanted: 2, expiresInS: 600 },
    ],
    ['question of 2,000 characters', questionSchema, { ...ASK, text: 'x'.repeat(2000) }],
    ['question of 2,000 emoji', questionSchema, { ...ASK, text: '🥐'.repeat(2000) }],
    ['patch', patchSchema, AT],
    ['answer', answerSchema, { text: 'Yes.' }],
    ['ack', ackSchema, { seq: 7 }],
    ['null for what need not be there', questionSchema, { ...ASK, topic: null, radiusM: null, languages: null }],
    ['null in a presence', presenceSchema, { ...AT, topics: null, session: null, seq: null, cell: null, ttlS: null }],
    ['a topic with blanks around it', questionSchema, { ...ASK, topic: ' Bikes ' }],
    ['a heart and what makes it red', questionSchema, { ...ASK, text: '\u2764\ufe0f' }],
    ['a word with a joiner in it', answerSchema, { text: 'a\u200db' }],
    [
      'city',
      citySchema,
      { name: 'Oslo', boundary: { type: 'Polygon', coordinates: [] }, policy: { offers: { max: 5 } } },
    ],
  ] as const)('%s', (_name, schema, value) => {
    expect(codeOf(schema, value)).toBe('ok');
  });

  it('say each topic once, as it was written first, and languages in lower case', () => {
    const parsed = parseBody(presenceSchema, { ...AT, topics: ['A ', 'b', 'a'], languages: ['pt-BR', 'pt-br'] });
    expect(parsed).toMatchObject({ ok: true, value: { topics: ['A ', 'b'], languages: ['pt-br'] } });
  });

  it('EDGE6: null is as if it were not there', () => {
    expect(parseBody(questionSchema, { ...ASK, topic: null })).toEqual({ ok: true, value: ASK });
  });
});

describe('EDGE1: bodies that are refused', () => {
  it.each([
    ['latitude 91', questionSchema, { ...ASK, lat: 91 }, 'bad_latitude', 'lat'],
    ['latitude "NaN"', questionSchema, { ...ASK, lat: 'NaN' }, 'bad_latitude', 'lat'],
    ['latitude null, as NaN is written', questionSchema, { ...ASK, lat: null }, 'bad_latitude', 'lat'],
    ['latitude NaN', questionSchema, { ...ASK, lat: Number.NaN }, 'bad_latitude', 'lat'],
    ['latitude 1e999', questionSchema, JSON.parse('{"lat":1e999,"lng":1,"text":"x"}'), 'bad_latitude', 'lat'],
    ['latitude in a text', questionSchema, { ...ASK, lat: '37.7' }, 'bad_latitude', 'lat'],
    ['longitude -180.5', presenceSchema, { ...AT, lng: -180.5 }, 'bad_longitude', 'lng'],
    ['longitude in a list', patchSchema, { ...AT, lng: [1] }, 'bad_longitude', 'lng'],
    ['no latitude', presenceSchema, { lng: 1 }, 'missing_field', 'lat'],
    ['no text', questionSchema, AT, 'missing_field', 'text'],
    ['an unknown field', questionSchema, { ...ASK, colour: 'red' }, 'unknown_field', 'colour'],
    ['__proto__', ackSchema, JSON.parse('{"seq":1,"__proto__":{"a":1}}'), 'unknown_field', '__proto__'],
    ['2,001 characters', questionSchema, { ...ASK, text: 'x'.repeat(2001) }, 'text_too_long', 'text'],
    ['an answer of 2,001 characters', answerSchema, { text: 'x'.repeat(2001) }, 'text_too_long', 'text'],
    ['an empty text', questionSchema, { ...ASK, text: ' \n' }, 'bad_field', 'text'],
    ['a text of zero-width spaces', questionSchema, { ...ASK, text: '\u200b\u2060 \ufeff' }, 'bad_field', 'text'],
    ['an answer of a Hangul filler', answerSchema, { text: '\u3164' }, 'bad_field', 'text'],
    ['a topic of a Hangul filler', questionSchema, { ...ASK, topic: '\u3164' }, 'bad_field', 'topic'],
    ['a topic of blanks', questionSchema, { ...ASK, topic: '   ' }, 'bad_field', 'topic'],
    ['an unknown field that is null', questionSchema, { ...ASK, colour: null }, 'unknown_field', 'colour'],
    ['a field policy where none belongs', questionSchema, { ...ASK, policy: {} }, 'unknown_field', 'policy'],
    ['a field boundary where none belongs', answerSchema, { text: 'x', boundary: {} }, 'unknown_field', 'boundary'],
    ['a field lat where none belongs', answerSchema, { text: 'x', lat: 1 }, 'unknown_field', 'lat'],
    ['a text that is null', answerSchema, { text: null }, 'bad_field', 'text'],
    ['a text of control characters', answerSchema, { text: '\u0001'.repeat(2001) }, 'bad_field', 'text'],
    ['half a surrogate pair', questionSchema, { ...ASK, text: '\ud800' }, 'bad_field', 'text'],
    ['no whole number of answers', questionSchema, { ...ASK, answersWanted: 1.5 }, 'bad_field', 'answersWanted'],
    ['no answer wanted', questionSchema, { ...ASK, answersWanted: 0 }, 'bad_field', 'answersWanted'],
    ['a radius in a text', questionSchema, { ...ASK, radiusM: '500' }, 'bad_field', 'radiusM'],
    ['a negative time', questionSchema, { ...ASK, expiresInS: -1 }, 'bad_field', 'expiresInS'],
    ['a topic that is none', presenceSchema, { ...AT, topics: ['ok', ''] }, 'bad_field', 'topics.1'],
    ['too many topics', presenceSchema, { ...AT, topics: Array.from({ length: 33 }, String) }, 'bad_field', 'topics'],
    ['a language that is none', presenceSchema, { ...AT, languages: ['e n'] }, 'bad_field', 'languages.0'],
    ['a negative capacity', presenceSchema, { ...AT, capacity: -1 }, 'bad_field', 'capacity'],
    ['a cell that is none', presenceSchema, { ...AT, cell: '9q8ya' }, 'bad_field', 'cell'],
    ['seq beyond exactness', ackSchema, { seq: 2 ** 53 }, 'bad_field', 'seq'],
    ['a number as body', patchSchema, 5, 'bad_field', ''],
    ['null as body', patchSchema, null, 'bad_field', ''],
    ['a boundary in a text', citySchema, { name: 'x', boundary: 'POLYGON' }, 'bad_boundary', 'boundary'],
    ['a policy in a text', citySchema, { name: 'x', boundary: {}, policy: 'none' }, 'bad_policy', 'policy'],
    [
      'a policy with an unknown rule',
      citySchema,
      { name: 'x', boundary: {}, policy: { luck: 1 } },
      'bad_policy',
      'policy.luck',
    ],
  ] as const)('%s', (_name, schema, value, code, field) => {
    const parsed = parseBody(schema as GenericSchema, value);
    expect(parsed).toMatchObject({ ok: false, error: { t: 'problem', code, errors: [{ field }] } });
    if (!parsed.ok) expect(parsed.error.detail).toMatch(/\w/);
  });

  it('TEXT1 a text is cleaned before it is measured', () => {
    const parsed = parseBody(answerSchema, { text: `${'\u0007'.repeat(5)}${'x'.repeat(2000)}\r\n`.slice(0, -2) });
    expect(parsed).toEqual({ ok: true, value: { text: 'x'.repeat(2000) } });
    expect(parseBody(questionSchema, { ...ASK, text: 'a\0\ud800b\tc\nd' })).toMatchObject({
      value: { text: 'ab\tc\nd' },
    });
  });

  it('with everything that is wrong in `errors`, and the code of the first', () => {
    const parsed = parseBody(questionSchema, { lat: 91, lng: 'x', colour: 1 });
    expect(parsed.ok ? undefined : parsed.error.code).toBe('bad_latitude');
    expect(parsed.ok ? undefined : parsed.error.errors?.map(({ field }) => field)).toEqual([
      'lat',
      'lng',
      'text',
      'colour',
    ]);
  });
});

describe('queries', () => {
  it.each([
    [eventsQuerySchema, {}, {}],
    [eventsQuerySchema, { after: '12', waitS: '0.5' }, { after: 12, waitS: 0.5 }],
    [eventsQuerySchema, { after: '1e3' }, { after: 1000 }],
    [streamQuerySchema, { lat: '37.77', lng: '-122.42' }, AT],
    [streamQuerySchema, { lat: '5.15e1', lng: '-4.5E-4' }, { lat: 51.5, lng: -0.00045 }],
    [streamQuerySchema, { topics: 'caf%C3%A9,c%2B%2B,late bar' }, { topics: ['café', 'c++', 'late bar'] }],
    [streamQuerySchema, { topics: 'café', languages: 'EN,pt-BR' }, { topics: ['café'], languages: ['en', 'pt-br'] }],
    [
      streamQuerySchema,
      { topics: '', languages: '', capacity: '0', ttlS: '90', session: 's', seq: '7' },
      { topics: [], languages: [], capacity: 0, ttlS: 90, session: 's', seq: 7 },
    ],
    [cellsQuerySchema, { city: 'sf' }, { city: 'sf' }],
  ] as const)('%#: are taken', (schema, query, value) => {
    expect(parseQuery(schema as QuerySchema, query as Record<string, string>, true)).toEqual({ ok: true, value });
  });

  it('EDGE6: a number is in a query what it is in a body', () => {
    fc.assert(
      fc.property(fc.double({ min: -90, max: 90, noNaN: true }), fc.constantFrom('e', 'E'), (lat, e) => {
        const written = JSON.stringify(lat).replace('e', e);
        const inQuery = parseQuery(streamQuerySchema, { lat: written, lng: '0' });
        const inBody = parseBody(patchSchema, JSON.parse(`{"lat":${written},"lng":0}`));
        expect(inQuery).toEqual(inBody);
      }),
    );
    for (const written of ['01', '+1', '.5', '1.', '1e', '0x10', 'Infinity', '1_0', ' 1', '--1', '1,5']) {
      expect(() => JSON.parse(written.trim() === written ? written : '!') as unknown).toThrow();
      expect(parseQuery(streamQuerySchema, { lat: written, lng: '0' })).toMatchObject({
        error: { code: 'bad_latitude' },
      });
    }
  });

  it('EDGE6: what nobody knows is passed over, but where a wrong name would change what is done', () => {
    const query = { after: '1', _: '1700000000', toString: 'x' };
    expect(parseQuery(eventsQuerySchema, query)).toEqual({ ok: true, value: { after: 1 } });
    expect(parseQuery(eventsQuerySchema, query, true)).toMatchObject({ error: { code: 'bad_query' } });
  });

  it.each([
    [eventsQuerySchema, { waitS: '21' }, 'bad_query'],
    [eventsQuerySchema, { after: '-1' }, 'bad_query'],
    [eventsQuerySchema, { after: '1.5' }, 'bad_query'],
    [eventsQuerySchema, { after: '' }, 'bad_query'],
    [streamQuerySchema, { lat: '91', lng: '0' }, 'bad_latitude'],
    [streamQuerySchema, { lat: '1', lng: 'NaN' }, 'bad_longitude'],
    [streamQuerySchema, { lat: '1e999', lng: '0' }, 'bad_latitude'],
    [streamQuerySchema, { topics: 'a%' }, 'bad_query'],
    [streamQuerySchema, { topics: 'a,,b' }, 'bad_query'],
    [streamQuerySchema, { languages: 'en_US' }, 'bad_query'],
    [streamQuerySchema, { capacity: '1.5' }, 'bad_query'],
    [streamQuerySchema, { capacity: '-1' }, 'bad_query'],
    [streamQuerySchema, { ttlS: '0' }, 'bad_query'],
    [cellsQuerySchema, {}, 'bad_query'],
    [cellsQuerySchema, { city: 'No City' }, 'bad_query'],
  ] as const)('%#: are refused', (schema, query, code) => {
    const parsed = parseQuery(schema as QuerySchema, query as Record<string, string>);
    expect(parsed).toMatchObject({ ok: false, error: { code } });
  });
});

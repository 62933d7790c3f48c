// Frames: what a socket may say, and how it is told otherwise.
import { describe, expect, it } from 'vitest';
import { errorFrame, okFrame, parseFrame } from '../../../src/protocol/frames.ts';
import { problem } from '../../../src/protocol/problems.ts';

const QUESTION = 'q-9q8yyk8-abcdefgh';
const OFFER = `${QUESTION}.1`;
const parse = (frame: unknown) => parseFrame(JSON.stringify(frame));

describe('parseFrame', () => {
  it.each([
    ['presence', { lat: 1, lng: 2, seq: 3 }],
    ['ask', { text: 'Anybody?', key: 'k1' }],
    ['ask', { text: 'Anybody?', lat: 1, lng: 2 }],
    ['move', { id: QUESTION, lat: 1, lng: 2 }],
    ['cancel', { id: QUESTION }],
    ['accept', { id: OFFER }],
    ['decline', { id: OFFER }],
    ['answer', { id: OFFER, text: 'Here.' }],
    ['ack', { seq: 4 }],
  ])('takes %s %j', (t, body) => {
    expect(parse({ t, ref: 'r1', ...body })).toEqual({ ok: true, value: { t, ref: 'r1', body } });
    expect(parse({ t, ...body })).toEqual({ ok: true, value: { t, body } });
  });

  it.each([
    ['not JSON', '{"t":', 'bad_frame', undefined],
    ['not an object', '[1]', 'bad_frame', undefined],
    ['empty', '', 'bad_frame', undefined],
    ['without t', '{"ref":"r1"}', 'bad_frame', 'r1'],
    ['with an unknown t', '{"t":"dance","ref":"r1"}', 'bad_frame', 'r1'],
    ['with a t that every object has', '{"t":"constructor","ref":"r1"}', 'bad_frame', 'r1'],
    ['with a ref that is no text', '{"t":"ack","seq":1,"ref":1}', 'bad_frame', undefined],
    ['with a bad point', '{"t":"presence","ref":"r1","lat":91,"lng":0}', 'bad_latitude', 'r1'],
    ['with an id of another kind', `{"t":"accept","ref":"r1","id":"${QUESTION}"}`, 'bad_field', 'r1'],
    ['with a missing field', '{"t":"ack","ref":"r1"}', 'missing_field', 'r1'],
    ['with an unknown field', '{"t":"ack","ref":"r1","seq":1,"x":1}', 'unknown_field', 'r1'],
    ['too long', `{"t":"ack","seq":1,"x":"${'x'.repeat(65_536)}"}`, 'body_too_large', undefined],
  ])('refuses one %s', (_name, text, code, ref) => {
    const parsed = parseFrame(text);
    expect(parsed.ok ? undefined : { code: parsed.error.problem.code, ref: parsed.error.ref }).toEqual({ code, ref });
  });

  it('refuses a binary one', () => {
    expect(parseFrame(new ArrayBuffer(3))).toMatchObject({ ok: false, error: { problem: { code: 'binary_frame' } } });
  });
});

describe('replies', () => {
  it('carry the ref and the result', () => {
    expect(okFrame('r1', { seq: 1 })).toEqual({ t: 'ok', ref: 'r1', result: { seq: 1 } });
    expect(okFrame(undefined, 1)).toEqual({ t: 'ok', result: 1 });
  });

  it('say what went wrong as a problem document does', () => {
    expect(errorFrame('r1', problem('offer_gone'), 'abc')).toEqual({
      t: 'error',
      ref: 'r1',
      type: 'urn:vicinal:problem:offer_gone',
      title: 'The offer is gone',
      status: 409,
      detail: 'It expired, was withdrawn, or enough others accepted; wait for the next one.',
      code: 'offer_gone',
      traceId: 'abc',
    });
  });

  it('let no extension hide a member', () => {
    const refused = { ...problem('busy'), retryAfterS: 2, more: { code: 'mine', status: 200, nearestCity: 'sf' } };
    expect(errorFrame(undefined, refused)).toMatchObject({
      code: 'busy',
      status: 503,
      retryAfterS: 2,
      nearestCity: 'sf',
    });
  });
});

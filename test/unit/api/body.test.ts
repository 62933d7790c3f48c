// Reading bodies: size by what arrives, type and syntax before meaning.
import { describe, expect, it } from 'vitest';
import { readJson } from '../../../src/api/middleware/body.ts';

const MAX = 100;
const JSON_TYPE = { 'content-type': 'application/json' };

const post = (
  body: string | Uint8Array<ArrayBuffer> | ReadableStream | undefined,
  headers: Record<string, string> = JSON_TYPE,
) =>
  readJson(
    new Request('http://localhost/', {
      method: 'POST',
      headers,
      ...(body === undefined ? {} : { body }),
      ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
    } as RequestInit),
    MAX,
  );

/** A body that says nothing of its length. */
const chunked = (...chunks: readonly string[]) =>
  new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
      controller.close();
    },
  });

/** A client that goes away in the middle. */
const broken = (...chunks: readonly string[]) =>
  new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
    },
    pull(controller) {
      controller.error(new Error('network connection lost'));
    },
  });

describe('readJson', () => {
  it.each([
    ['application/json'],
    ['Application/JSON; charset=UTF-8'],
    ['application/geo+json'],
    ['application/json;charset="utf-8"'],
  ])('takes %s', async (type) => {
    expect(await post('{"a":1}', { 'content-type': type })).toEqual({ ok: true, value: { a: 1 } });
  });

  it('takes a body that says it is not encoded', async () => {
    expect(await post('{}', { ...JSON_TYPE, 'content-encoding': 'identity' })).toEqual({ ok: true, value: {} });
  });

  it('puts chunks together', async () => {
    expect(await post(chunked('{"a', '":"', 'é"}'))).toEqual({ ok: true, value: { a: 'é' } });
  });

  it('takes nothing for nothing, of whatever type', async () => {
    expect(await post(undefined, {})).toEqual({ ok: true, value: undefined });
    expect(await post('', { 'content-type': 'text/plain' })).toEqual({ ok: true, value: undefined });
  });

  it('takes the last byte that fits', async () => {
    expect(await post(`"${'x'.repeat(MAX - 2)}"`)).toMatchObject({ ok: true });
    expect(await post(`"${'x'.repeat(MAX - 1)}"`)).toMatchObject({ error: { code: 'body_too_large' } });
  });

  it.each([
    ['broken JSON', () => post('{"a":'), 'bad_json'],
    ['no UTF-8', () => post(new Uint8Array([34, 255, 34])), 'bad_json'],
    ['NaN', () => post('{"a":NaN}'), 'bad_json'],
    ['another type', () => post('{}', { 'content-type': 'text/plain' }), 'bad_content_type'],
    ['another charset', () => post('{}', { 'content-type': 'application/json; charset=latin1' }), 'bad_content_type'],
    ['no type', () => post(new TextEncoder().encode('{}'), {}), 'bad_content_type'],
    ['gzip', () => post('{}', { ...JSON_TYPE, 'content-encoding': 'gzip' }), 'bad_content_encoding'],
    ['two encodings', () => post('{}', { ...JSON_TYPE, 'content-encoding': 'identity, br' }), 'bad_content_encoding'],
    ['a body that breaks off', () => post(broken('{"a"')), 'body_broken'],
    ['a body that breaks off at once', () => post(broken()), 'body_broken'],
    ['too much at once', () => post('x'.repeat(MAX + 1)), 'body_too_large'],
    ['too much in chunks', () => post(chunked('x'.repeat(60), 'x'.repeat(60))), 'body_too_large'],
  ] as const)('EDGE1 refuses %s', async (_name, read, code) => {
    expect(await read()).toMatchObject({ ok: false, error: { code } });
  });
});

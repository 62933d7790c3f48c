// How connections end: both sides of every closing handshake, seen by a client of the runtime and on the bare wire. And how a client
// knows that one still lives.
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { boxPolygon } from '../../src/geo/box-polygon.ts';
import { rollOut } from '../../tools/traffic/rollout.ts';
import { eventually, useService } from './support/service.ts';

const AT = { lat: 37.7724, lng: -122.4152 };
const CLOSE = 8;
const TEXT = 1;

const box = useService();
const open: Socket[] = [];

beforeAll(async () => {
  const boundary = boxPolygon(-122.43, 37.76, -122.35, 37.79);
  await rollOut(box.url(), await box.tokenFor('test', 'ops'), { id: 'sf', name: 'SF', boundary, precision: 6 });
});

afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy();
});

const streamUrl = (user: string): string => `/v1/stream?lat=${AT.lat}&lng=${AT.lng}&capacity=1&session=${user}`;

async function webSocket(user: string): Promise<WebSocket> {
  const url = `${box.url().replace(/^http/, 'ws')}${streamUrl(user)}`;
  const socket = new WebSocket(url, ['vicinal.v1', `bearer.${await box.tokenFor(user)}`]);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  return socket;
}

type Wire = {
  readonly frames: { readonly opcode: number; readonly payload: Buffer }[];
  readonly send: (opcode: number, payload: Buffer) => void;
  readonly hasEnded: () => boolean;
};

/** A client that knows nothing but bytes: what arrives is what the service sent. */
async function wire(user: string): Promise<Wire> {
  const { hostname, port } = new URL(box.url());
  const socket = connect(Number(port), hostname);
  open.push(socket);
  let ended = false;
  let upgraded = false;
  let rest = Buffer.alloc(0);
  const frames: Wire['frames'] = [];
  socket.on('end', () => {
    ended = true;
  });
  socket.on('error', () => {
    ended = true;
  });
  socket.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    if (!upgraded) {
      const head = rest.indexOf('\r\n\r\n');
      if (head < 0) return;
      expect(rest.subarray(0, head).toString('latin1')).toMatch(/^HTTP\/1\.1 101/);
      upgraded = true;
      rest = rest.subarray(head + 4);
    }
    for (let frame = frameOf(rest); frame !== undefined; frame = frameOf(rest)) {
      frames.push({ opcode: frame.opcode, payload: frame.payload });
      rest = rest.subarray(frame.length);
    }
  });
  socket.write(
    [
      `GET ${streamUrl(user)} HTTP/1.1`,
      `host: ${hostname}:${port}`,
      'connection: Upgrade',
      'upgrade: websocket',
      'sec-websocket-version: 13',
      `sec-websocket-key: ${randomBytes(16).toString('base64')}`,
      `authorization: Bearer ${await box.tokenFor(user)}`,
      '',
      '',
    ].join('\r\n'),
  );
  await eventually('the upgrade', () => upgraded);
  return {
    frames,
    hasEnded: () => ended,
    send: (opcode, payload) => {
      const mask = randomBytes(4);
      const masked = payload.map((byte, i) => byte ^ (mask[i % 4] as number));
      socket.write(Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length]), mask, masked]));
    },
  };
}

/** An unmasked frame at the beginning of the bytes, if all of it is there. */
function frameOf(
  bytes: Buffer,
): { readonly opcode: number; readonly payload: Buffer; readonly length: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = (bytes[1] as number) & 0x7f;
  const from = short === 126 ? 4 : 2;
  if (bytes.length < from) return undefined;
  const size = short === 126 ? bytes.readUInt16BE(2) : short;
  if (bytes.length < from + size) return undefined;
  return { opcode: (bytes[0] as number) & 0x0f, payload: bytes.subarray(from, from + size), length: from + size };
}

const closing = (code: number, reason = ''): Buffer => {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
  payload.writeUInt16BE(code);
  payload.write(reason, 2);
  return payload;
};

describe('a client that closes', () => {
  it.each([1000, 1001, 4321])('STREAM1 hears its own code %i, cleanly', async (code) => {
    const socket = await webSocket('ana');
    const heard = new Promise<CloseEvent>((resolve) => socket.addEventListener('close', resolve));
    socket.close(code === 1001 ? 1000 : code, 'bye');
    expect(await heard).toMatchObject({ code: code === 1001 ? 1000 : code, reason: 'bye', wasClean: true });
  });

  it.each([
    ['a code and a reason', closing(1000, 'bye'), 1000],
    ['a code of its own', closing(4321), 4321],
    ['no code', Buffer.alloc(0), 1000],
  ])('STREAM1 gets a close frame back and the end of the connection: %s', async (_, payload, code) => {
    const raw = await wire('bob');
    raw.send(CLOSE, payload);
    const frame = await eventually('a close frame', () => raw.frames.find(({ opcode }) => opcode === CLOSE));
    expect(frame.payload.readUInt16BE(0)).toBe(code);
    await eventually('the end of the connection', raw.hasEnded);
  });
});

describe('a service that closes', () => {
  it('STREAM1 says why, and ends the connection once the client has answered', async () => {
    const raw = await wire('cem');
    const elsewhere = { lat: AT.lat, lng: -122.36 };
    raw.send(TEXT, Buffer.from(JSON.stringify({ t: 'presence', ref: '1', ...elsewhere })));
    const frame = await eventually('a close frame', () => raw.frames.find(({ opcode }) => opcode === CLOSE));
    expect(frame.payload.readUInt16BE(0)).toBe(4001);
    expect(raw.hasEnded()).toBe(false);
    raw.send(CLOSE, frame.payload);
    await eventually('the end of the connection', raw.hasEnded);
  });

  it('STREAM1 is heard cleanly', async () => {
    const socket = await webSocket('dee');
    const heard = new Promise<CloseEvent>((resolve) => socket.addEventListener('close', resolve));
    socket.send(JSON.stringify({ t: 'presence', ref: '1', lat: AT.lat, lng: -122.36 }));
    expect(await heard).toMatchObject({ code: 4001, wasClean: true });
  });
});

describe('a heartbeat', () => {
  it('STREAM2 is answered, and is no frame', async () => {
    const socket = await webSocket('eve');
    const heard: unknown[] = [];
    socket.onmessage = ({ data }) => heard.push(data);
    socket.send('ping');
    await eventually('an answer', () => heard.length > 0);
    expect(heard).toEqual(['pong']);
    socket.close();
  });
});

// Frames on the WebSocket, both ways: JSON objects with `t`, and `ref` by which a reply finds its request.
import * as v from 'valibot';
import { err, ok, type Result } from '../lib/result.ts';
import type { CellId } from './ids.ts';
import { BODY_BYTES_MAX } from './limits.ts';
import { parseBody } from './parse.ts';
import { PROBLEMS, type Problem, problem } from './problems.ts';
import type { UserEvent } from './views.ts';
import {
  ackSchema,
  answerSchema,
  emptySchema,
  offerIdSchema,
  optional,
  patchSchema,
  presenceSchema,
  questionHereSchema,
  questionIdSchema,
} from './wire.ts';

/** The subprotocol that a client offers and the service chooses. */
export const SUBPROTOCOL = 'vicinal.v1';
/** Before the token, in a second subprotocol: browsers cannot set headers on a socket. */
export const BEARER_SUBPROTOCOL = 'bearer.';

/** A user may give one key to what is one question. */
export const KEY = /^[\x20-\x7e]{1,255}$/;

const key = optional(v.pipe(v.string('must be a string'), v.regex(KEY, 'must be 1 to 255 printable ASCII characters')));
const question = { id: questionIdSchema };
const offer = { id: offerIdSchema };

const BODIES = {
  presence: presenceSchema,
  ask: v.strictObject({ ...questionHereSchema.entries, key }, questionHereSchema.message),
  move: v.strictObject({ ...question, ...patchSchema.entries }, patchSchema.message),
  cancel: v.strictObject(question, emptySchema.message),
  accept: v.strictObject(offer, emptySchema.message),
  decline: v.strictObject(offer, emptySchema.message),
  answer: v.strictObject({ ...offer, ...answerSchema.entries }, answerSchema.message),
  ack: ackSchema,
  token: v.strictObject({ token: v.string('must be a string') }, emptySchema.message),
} as const;

type Verb = keyof typeof BODIES;

/** A client's frame, checked: `body` is what the verb takes. */
export type ClientFrame = {
  [K in Verb]: { readonly t: K; readonly ref?: string; readonly body: v.InferOutput<(typeof BODIES)[K]> };
}[Verb];

export type ServerFrame =
  | { readonly t: 'ok'; readonly ref?: string; readonly result: unknown }
  | ({ readonly t: 'error'; readonly ref?: string } & ReturnType<typeof problemMembers>)
  | ({ readonly t: 'event' } & UserEvent)
  /** The token ends: a `token` frame with another keeps the socket. */
  | { readonly t: 'expiring'; readonly expiresAt: string; readonly inS: number }
  /** Reconnect, after this long: another cell holds you now. */
  | { readonly t: 'moved'; readonly cell?: CellId; readonly waitMs: number };

/** What cannot be taken, with the `ref` by which to say so, if it had one. */
export type FrameRefusal = { readonly ref?: string; readonly problem: Problem };

/**
 * Reads one message of a socket. Refusals: `binary_frame`, `body_too_large`, `bad_frame` for what is no JSON object with a
 * known `t`, else the codes of `parseBody`.
 */
export function parseFrame(message: string | ArrayBuffer): Result<ClientFrame, FrameRefusal> {
  if (typeof message !== 'string') return err({ problem: problem('binary_frame') });
  if (message.length > BODY_BYTES_MAX) return err({ problem: problem('body_too_large') });
  const value = jsonOf(message);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return err({ problem: problem('bad_frame') });
  const { t, ref: given, ...rest } = value as Readonly<Record<string, unknown>>;
  const ref = given ?? undefined;
  if (ref !== undefined && !(typeof ref === 'string' && ref.length <= 64)) {
    return err({ problem: problem('bad_frame', 'ref must be a string of at most 64 characters') });
  }
  const named = ref === undefined ? {} : { ref };
  if (!isVerb(t)) {
    return err({ ...named, problem: problem('bad_frame', `t must be one of ${Object.keys(BODIES).join(', ')}`) });
  }
  const body = parseBody(BODIES[t] as v.GenericSchema, rest);
  if (!body.ok) return err({ ...named, problem: body.error });
  return ok({ t, ...named, body: body.value } as ClientFrame);
}

export function okFrame(ref: string | undefined, result: unknown): ServerFrame {
  return ref === undefined ? { t: 'ok', result } : { t: 'ok', ref, result };
}

export function errorFrame(ref: string | undefined, refused: Problem, traceId?: string): ServerFrame {
  const members = problemMembers(refused, traceId);
  return ref === undefined ? { t: 'error', ...members } : { t: 'error', ref, ...members };
}

export const eventFrame = (event: UserEvent): ServerFrame => ({ t: 'event', ...event });

/** The members of a problem document (RFC 9457), for a response body and for a frame alike. */
export function problemMembers({ code, detail, errors, retryAfterS, more }: Problem, traceId?: string) {
  const { status, title, advice } = PROBLEMS[code];
  return {
    ...more,
    type: `urn:vicinal:problem:${code}`,
    title,
    status,
    detail: detail ?? advice,
    code,
    ...(errors === undefined ? {} : { errors }),
    ...(retryAfterS === undefined ? {} : { retryAfterS }),
    ...(traceId === undefined ? {} : { traceId }),
  };
}

function isVerb(t: unknown): t is Verb {
  return typeof t === 'string' && Object.hasOwn(BODIES, t);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

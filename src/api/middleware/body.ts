// Reads a JSON body: type, size (counted, whatever the headers say) and syntax, before any schema sees it.
import { err, ok, type Result } from '../../lib/result.ts';
import { type Problem, problem } from '../../protocol/problems.ts';

/**
 * The value of a JSON body; `undefined` when it is empty. Problems: `body_broken`, `body_too_large`, `bad_content_encoding`,
 * `bad_content_type`, `bad_json`.
 */
export async function readJson(request: Request, bytesMax: number): Promise<Result<unknown, Problem>> {
  const bytes = await readBytes(request.body, bytesMax);
  if (bytes === 'broken') return err(problem('body_broken'));
  if (bytes === 'too_large') return err(problem('body_too_large', `Send at most ${bytesMax} bytes.`));
  if (bytes.length === 0) return ok(undefined);
  if (!isPlain(request.headers.get('content-encoding'))) return err(problem('bad_content_encoding'));
  if (!isJson(request.headers.get('content-type'))) return err(problem('bad_content_type'));
  try {
    return ok(JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes)));
  } catch {
    return err(problem('bad_json'));
  }
}

/** A client that is still sending when the connection closes never sees the answer: so much more is read, and dropped. */
const DRAIN_BYTES_MAX = 4 * 1024 * 1024;

/** Of a body that is too large nothing is kept. */
async function readBytes(
  body: ReadableStream<Uint8Array> | null,
  bytesMax: number,
): Promise<Uint8Array | 'too_large' | 'broken'> {
  if (body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = body.getReader();
  for (;;) {
    // A body that ends before it said it would, and one whose chunks cannot be told apart, reject: the client's doing, not ours.
    const read = await reader.read().catch(() => undefined);
    if (read === undefined) return 'broken';
    if (read.done) break;
    length += read.value.length;
    if (length <= bytesMax) chunks.push(read.value);
    else chunks.length = 0;
    if (length > bytesMax + DRAIN_BYTES_MAX) {
      await reader.cancel().catch(() => {});
      break;
    }
  }
  if (length > bytesMax) return 'too_large';
  const [first] = chunks;
  if (chunks.length === 1 && first !== undefined) return first;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

function isPlain(contentEncoding: string | null): boolean {
  return /^\s*(identity\s*)?$/i.test(contentEncoding ?? '');
}

function isJson(contentType: string | null): boolean {
  const [type = '', ...parameters] = (contentType ?? '')
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  if (type !== 'application/json' && !/^application\/[\w.-]+\+json$/.test(type)) return false;
  return parameters.every((parameter) => !parameter.startsWith('charset=') || /^charset="?utf-?8"?$/.test(parameter));
}

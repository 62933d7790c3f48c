// Refusals as problem documents (RFC 9457).
import { problemMembers } from '../../protocol/frames.ts';
import { PROBLEMS, type Problem } from '../../protocol/problems.ts';

export function problemResponse(
  refused: Problem,
  trace: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const { status } = PROBLEMS[refused.code];
  return new Response(JSON.stringify(problemMembers(refused, trace)), {
    status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      ...(refused.retryAfterS === undefined ? {} : { 'retry-after': String(refused.retryAfterS) }),
      ...(status === 401 ? { 'www-authenticate': challenge(refused) } : {}),
      ...(refused.code === 'bad_content_encoding' ? { 'accept-encoding': 'identity' } : {}),
      ...(status === 426 ? { upgrade: 'websocket', connection: 'upgrade' } : {}),
      ...headers,
    },
  });
}

function challenge({ code }: Problem): string {
  return code === 'unauthorized' ? 'Bearer' : 'Bearer error="invalid_token"';
}

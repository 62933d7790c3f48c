// A token that is about to end: with another one the socket stays. Should there be none, it ends, and the next begins with a new one.
import type { ConnectionDeps } from './connect-options.ts';
import type { Link } from './link.ts';

export function renew(
  link: Link,
  { token, forgetToken, renewable }: Pick<ConnectionDeps, 'token' | 'forgetToken' | 'renewable'>,
  report: (error: unknown) => void,
): void {
  if (!renewable) return;
  forgetToken();
  token()
    .then((fresh) => link.call('token', { token: fresh }))
    .catch(report);
}

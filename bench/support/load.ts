// Load over HTTP for a service under test: requests that must succeed, by as many clients at once as there are tokens.
import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';

export type Load = {
  /** Rejects for anything but success: a bench of refusals would be worth nothing. */
  readonly call: (url: string, token: string, method: string, path: string, body: unknown) => Promise<void>;
  readonly close: () => void;
};

export function httpLoad(connections: number): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  return { call: (...of) => call(agent, ...of), close: () => agent.destroy() };
}

/** One request after another for each token, at once for all; answers with how many there were. */
export async function hammer(
  tokens: readonly string[],
  until: number,
  one: (token: string) => Promise<void>,
): Promise<number> {
  let done = 0;
  const work = async (token: string): Promise<void> => {
    for (; performance.now() < until; done++) await one(token);
  };
  await Promise.all(tokens.map(work));
  return done;
}

function call(agent: Agent, url: string, token: string, method: string, path: string, body: unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const sent = request(new URL(path, url), { method, agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => {
        const status = response.statusCode ?? 0;
        if (status >= 200 && status < 300) resolve();
        else reject(new Error(`${method} ${path} answered ${status}: ${text}`));
      });
    });
    sent.on('error', reject);
    sent.end(JSON.stringify(body));
  });
}

// The client library: `new VicinalClient({ url, token })` and one method for each call that a user can make.
import type { OfferId, QuestionId } from '../protocol/ids.ts';
import type { AnswerView, OfferView, PresenceView, QuestionView } from '../protocol/views.ts';
import type {
  CallOptions,
  Calls,
  ClientPresence,
  EventsPage,
  EventsQuery,
  NewQuestion,
  QuestionPage,
} from './calls.ts';
import type { ConnectOptions } from './connect-options.ts';
import { Connection } from './connection.ts';
import type { ClientPoint } from './pings.ts';
import { mint, type Platform, platformOf } from './platform.ts';
import { type Call, type Token, type Transport, transport } from './transport.ts';

export type ClientOptions = Partial<Platform> & {
  /** Where the service is, for example `https://vicinal.example.com`. */
  readonly url: string;
  /** A JWT, or a function that gets one: it is asked again when the service no longer takes the last. */
  readonly token: Token;
};

/**
 * Every method returns what the service returns and throws VicinalError. Calls are tried again after network errors and
 * when the service is busy (with its Retry-After), never after a refusal.
 */
export class VicinalClient implements Calls {
  readonly #url: string;
  readonly #platform: Platform;
  readonly #transport: Transport;
  readonly #session: string;
  #seq = 0;
  #cell: string | undefined;

  constructor({ url, token, ...platform }: ClientOptions) {
    this.#url = url.replace(/\/+$/, '');
    this.#platform = platformOf(platform);
    this.#transport = transport(this.#url, token, this.#platform);
    this.#session = mint(this.#platform.random, 16);
  }

  /** Tells where the user is. Session, seq and the last cell are filled in, so that the user does not flap at a border. */
  async presence(ping: ClientPresence, options: CallOptions = {}): Promise<PresenceView> {
    const own = ping.session === undefined ? { session: this.#session, seq: this.#nextSeq() } : {};
    const body = { ...own, ...(this.#cell === undefined ? {} : { cell: this.#cell }), ...ping };
    const view = (await this.#send({ method: 'PUT', path: '/v1/presence', body, ...options })) as PresenceView;
    this.#cell = view.cell;
    return view;
  }

  /** Done, nobody is offered anything until the next ping. Of this client's pings none that was sent before brings the user back. */
  async leave(): Promise<void> {
    const query = this.#seq === 0 ? {} : { session: this.#session, seq: this.#nextSeq() };
    await this.#send({ method: 'DELETE', path: '/v1/presence', query });
    this.#cell = undefined;
  }

  ask({ key, ...question }: NewQuestion, options: CallOptions = {}): Promise<QuestionView> {
    const headers = { 'idempotency-key': key ?? mint(this.#platform.random, 24) };
    const call: Call = { method: 'POST', path: '/v1/questions', body: question, headers, ...options };
    return this.#send(call) as Promise<QuestionView>;
  }

  question(id: QuestionId): Promise<QuestionView> {
    return this.#send({ method: 'GET', path: `/v1/questions/${id}` }) as Promise<QuestionView>;
  }

  /** A page of this user's questions, the newest first; `after` is `next` of the page before. */
  async questions(page: { readonly after?: string; readonly limit?: number } = {}): Promise<QuestionPage> {
    const query = {
      ...(page.after === undefined ? {} : { after: page.after }),
      ...(page.limit === undefined ? {} : { limit: page.limit }),
    };
    return (await this.#send({ method: 'GET', path: '/v1/questions', query })) as QuestionPage;
  }

  /** All of them: as many calls as there are pages. */
  async allQuestions(): Promise<readonly QuestionView[]> {
    const all: QuestionView[] = [];
    for (let page = await this.questions(); ; page = await this.questions({ after: page.next })) {
      all.push(...page.items);
      if (page.next === undefined) return all;
    }
  }

  /** Moves a question of this user. */
  move(id: QuestionId, { lat, lng }: ClientPoint, options: CallOptions = {}): Promise<QuestionView> {
    const call: Call = { method: 'PATCH', path: `/v1/questions/${id}`, body: { lat, lng }, ...options };
    return this.#send(call) as Promise<QuestionView>;
  }

  cancel(id: QuestionId, options: CallOptions = {}): Promise<QuestionView> {
    return this.#send({ method: 'DELETE', path: `/v1/questions/${id}`, ...options }) as Promise<QuestionView>;
  }

  async offers(): Promise<readonly OfferView[]> {
    return itemsOf<OfferView>(await this.#send({ method: 'GET', path: '/v1/offers', query: { cell: this.#cell } }));
  }

  accept(id: OfferId, options: CallOptions = {}): Promise<OfferView> {
    return this.#send({ method: 'POST', path: `/v1/offers/${id}/accept`, ...options }) as Promise<OfferView>;
  }

  decline(id: OfferId, options: CallOptions = {}): Promise<OfferView> {
    return this.#send({ method: 'POST', path: `/v1/offers/${id}/decline`, ...options }) as Promise<OfferView>;
  }

  answer(id: OfferId, text: string, options: CallOptions = {}): Promise<AnswerView> {
    const call: Call = { method: 'POST', path: `/v1/offers/${id}/answer`, body: { text }, ...options };
    return this.#send(call) as Promise<AnswerView>;
  }

  /** Events after a number; with `waitS` (20 at most) it waits for one if there is none. They stay until acknowledged. */
  async events(query: EventsQuery = {}): Promise<EventsPage> {
    const { after, waitS, cell: _, ...options } = query;
    const waitMs = (waitS ?? 0) * 1000;
    const cell = query.cell ?? this.#cell;
    const call: Call = { method: 'GET', path: '/v1/events', query: { after, waitS, cell }, waitMs, ...options };
    return (await this.#send(call)) as EventsPage;
  }

  /** Removes everything up to `seq` from the inbox. */
  async acknowledge(seq: number, options: CallOptions = {}): Promise<void> {
    await this.#send({ method: 'POST', path: '/v1/events/ack', body: { seq }, ...options });
  }

  /** A live connection: positions up, events down, over one WebSocket that comes back by itself. */
  connect(options: ConnectOptions): Connection {
    const { token, forgetToken, renewable } = this.#transport;
    const streamUrl = `${this.#url.replace(/^http/, 'ws')}/v1/stream`;
    const deps = { client: this, platform: this.#platform, streamUrl, token, forgetToken, renewable };
    return new Connection(options, deps);
  }

  #send(call: Call): Promise<unknown> {
    return this.#transport.send(call);
  }

  #nextSeq(): number {
    this.#seq += 1;
    return this.#seq;
  }
}

function itemsOf<T>(body: unknown): readonly T[] {
  return Array.isArray(body) ? (body as T[]) : ((body as { readonly items?: readonly T[] } | undefined)?.items ?? []);
}

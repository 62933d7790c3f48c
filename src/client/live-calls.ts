// What a connected user can call: by the socket while there is one, by HTTP when its answer does not come.
import type { OfferId, QuestionId } from '../protocol/ids.ts';
import type { AnswerView, OfferView, QuestionView } from '../protocol/views.ts';
import type { CallOptions, Calls, NewQuestion } from './calls.ts';
import type { Frame, Link } from './link.ts';
import type { ClientPoint } from './pings.ts';
import { mint, type Platform } from './platform.ts';
import { VicinalError } from './vicinal-error.ts';

export abstract class LiveCalls {
  readonly #client: Calls;
  readonly #random: Platform['random'];
  protected readonly stop = new AbortController();
  protected readonly untilClosed: CallOptions = { signal: this.stop.signal };
  protected link: Link | undefined;

  constructor(client: Calls, random: Platform['random']) {
    this.#client = client;
    this.#random = random;
  }

  ask(question: NewQuestion): Promise<QuestionView> {
    const { key = mint(this.#random, 24), ...body } = question;
    return this.call('ask', { ...body, key }, () => this.#client.ask({ ...body, key }, this.untilClosed));
  }

  /** Moves a question of this user to another point. */
  move(id: QuestionId, point: ClientPoint): Promise<QuestionView> {
    const { lat, lng } = point;
    return this.call('move', { id, lat, lng }, () => this.#client.move(id, point, this.untilClosed));
  }

  cancel(id: QuestionId): Promise<QuestionView> {
    return this.call('cancel', { id }, () => this.#client.cancel(id, this.untilClosed));
  }

  accept(id: OfferId): Promise<OfferView> {
    return this.call('accept', { id }, () => this.#client.accept(id, this.untilClosed));
  }

  decline(id: OfferId): Promise<OfferView> {
    return this.call('decline', { id }, () => this.#client.decline(id, this.untilClosed));
  }

  answer(id: OfferId, text: string): Promise<AnswerView> {
    return this.call('answer', { id, text }, () => this.#client.answer(id, text, this.untilClosed));
  }

  /** By the socket if there is one; when its answer does not come, again by HTTP, which every verb here allows. */
  protected async call<T>(verb: string, body: Frame, byHttp: () => Promise<T>): Promise<T> {
    if (this.stop.signal.aborted) throw new VicinalError({ code: 'closed', status: 0 });
    if (this.link === undefined) return byHttp();
    try {
      return (await this.link.call(verb, body)) as T;
    } catch (error) {
      if (!(error instanceof VicinalError) || !error.transient) throw error;
      return byHttp();
    }
  }
}

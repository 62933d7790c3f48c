// BOUND1: what a question owes its users shows its text again and again; its row has it once.
import type { StreamItem } from '../../messages/records.ts';
import type { EventBody, OfferView } from '../../protocol/views.ts';

/** The item as its question's row keeps it: JSON leaves out what is undefined. */
export function lean(item: StreamItem, text: string): unknown {
  const { event, offer } = item;
  return {
    ...item,
    ...(event === undefined ? {} : { event: { ...event, data: without(event.data, text) } }),
    ...(offer?.view === undefined ? {} : { offer: { ...offer, view: without(offer.view, text) } }),
  };
}

/** As it was. Rows of before have all of it. */
export function whole(item: StreamItem, text: string): StreamItem {
  const { event, offer } = item;
  return {
    ...item,
    ...(event === undefined ? {} : { event: { ...event, data: withText(event.data, text) } }),
    ...(offer?.view === undefined ? {} : { offer: { ...offer, view: withText(offer.view, text) } }),
  };
}

function without(data: EventBody['data'], text: string): unknown {
  return 'text' in data && data.text === text ? { ...data, text: undefined } : data;
}

function withText<Data extends EventBody['data'] | OfferView>(data: Data, text: string): Data {
  return 'question' in data || data.text !== undefined ? data : { ...data, text };
}

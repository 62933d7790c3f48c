// Ann asks, Bob is nearby and answers: `node docs/examples/ask.ts TOKEN_OF_ANN TOKEN_OF_BOB [URL]`.
import { VicinalClient } from '../../src/client/client.ts';
import type { UserEvent } from '../../src/protocol/views.ts';

const [tokenOfAnn, tokenOfBob, url = 'http://127.0.0.1:8787'] = process.argv.slice(2);
if (tokenOfAnn === undefined || tokenOfBob === undefined) throw new Error('Give the tokens of two users.');
const ann = new VicinalClient({ url, token: tokenOfAnn });
const bob = new VicinalClient({ url, token: tokenOfBob });

const live = bob.connect({ point: { lat: 37.7751, lng: -122.4161 }, topics: ['transit'], onEvent: takeAndAnswer });
const { id } = await ann.ask({ lat: 37.7749, lng: -122.4194, text: 'Is the tram running?', topic: 'transit' });
console.log(`Ann asks: ${id}`);

for (let after = 0, answered = false; !answered; ) {
  const { items, next } = await ann.events({ after, waitS: 10 });
  for (const { type } of items) console.log(`Ann hears: ${type}`);
  answered = items.some(({ type }) => type === 'question.answered');
  after = next;
}
live.close();

async function takeAndAnswer({ type, data }: UserEvent): Promise<void> {
  if (type !== 'offer.made' || !('distanceM' in data)) return;
  console.log(`Bob, ${data.distanceM} m away, is asked: ${data.text}`);
  await bob.accept(data.id);
  await bob.answer(data.id, 'Yes, every 8 minutes.');
}

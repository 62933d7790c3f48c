// Ids and their grammar. A question's id carries its home key, an offer's id carries its question's: routing needs no lookup.
import type { Brand } from '../lib/brand.ts';

/** A geohash that is, was or may become a leaf of the cell map. */
export type CellId = Brand<string, 'CellId'>;
export type CityId = Brand<string, 'CityId'>;
/** A plain subject as it is, any other by a hash of it: names, keys, tags and rows depend on nobody's alphabet or length. */
export type UserId = Brand<string, 'UserId'>;
/** `q-<home key>-<token>`. */
export type QuestionId = Brand<string, 'QuestionId'>;
/** `<question id>.<attempt number>`. */
export type OfferId = Brand<string, 'OfferId'>;
/** The geohash of a question's first, snapped point. */
export type HomeKey = Brand<string, 'HomeKey'>;

const GEOHASH = '[0-9b-hjkmnp-z]';
const PLAIN_USER = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$/;
const HASHED_USER = /^~[a-z2-7]{51}$/;
const SUBJECT_LENGTH_MAX = 255;
const QUESTION = new RegExp(`^q-(${GEOHASH}{3,12})-([0-9a-z]{8,40})$`);
const OFFER = new RegExp(`^(q-(${GEOHASH}{3,12})-[0-9a-z]{8,40})\\.([1-9][0-9]{0,5})$`);
const CELL = new RegExp(`^${GEOHASH}{3,7}$`);
const CITY = /^[a-z][a-z0-9-]{1,31}$/;

/** What an identity provider may call somebody: 1 to 255 characters of any kind. Half a surrogate pair is none. */
export const isSubject = (text: string): boolean =>
  text.length > 0 &&
  text.isWellFormed() &&
  (text.length <= SUBJECT_LENGTH_MAX || [...text].length <= SUBJECT_LENGTH_MAX);
/** A subject that is its own user id. */
export const isPlainSubject = (text: string): text is UserId => PLAIN_USER.test(text);
export const isUserId = (text: string): text is UserId => PLAIN_USER.test(text) || HASHED_USER.test(text);
export const isCellId = (text: string): text is CellId => CELL.test(text);
export const isCityId = (text: string): text is CityId => CITY.test(text);
export const isQuestionId = (text: string): text is QuestionId => QUESTION.test(text);
export const isOfferId = (text: string): text is OfferId => OFFER.test(text);

export const questionId = (home: HomeKey, token: string): QuestionId => `q-${home}-${token}` as QuestionId;
export const offerId = (question: QuestionId, attempt: number): OfferId => `${question}.${attempt}` as OfferId;

/** The home key inside a question's or an offer's id. */
export function homeOf(id: QuestionId | OfferId): HomeKey {
  return id.slice(2, id.indexOf('-', 2)) as HomeKey;
}

export function questionOf(offer: OfferId): QuestionId {
  return offer.slice(0, offer.lastIndexOf('.')) as QuestionId;
}

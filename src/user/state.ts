// What a UserObject knows: who holds the user, the inbox, and what each question has told them.
import type { EpochMs } from '../lib/brand.ts';
import type { Clock } from '../lib/clock.ts';
import type { StreamItem, UserRecord } from '../messages/records.ts';
import type { CellId, OfferId, QuestionId, UserId } from '../protocol/ids.ts';
import type { OfferState, OfferView, QuestionState, UserEvent } from '../protocol/views.ts';

/** Named by the newest claim. */
export type Claimant = {
  readonly cell: CellId;
  readonly session: string;
  readonly seq: number | undefined;
  /** Of the claim, and when its ping came. Absent when it claims for a holder, and in rows of before. */
  readonly order?: number;
  readonly pingAt?: EpochMs;
  /** Claims for a holder who hands the user over, not for a ping. */
  readonly handed?: true;
  /** Claims for a socket's opening that says no profile: nothing for somebody of whom none is known. */
  readonly opening?: true;
};

/** Who holds the user. Only a recall that was answered, or a record that was returned, moves it; time never does. */
export type Holding =
  /** Nobody: the record lies here. `last`: the cell that held the user before, where a socket of theirs may still be. */
  | { readonly t: 'free'; readonly last?: CellId }
  | { readonly t: 'held'; readonly cell: CellId; readonly since: EpochMs }
  /** `cell` holds epoch `epoch` and has been asked to give it up. */
  | { readonly t: 'recalling'; readonly cell: CellId; readonly claimant: Claimant }
  /** The same, for nobody: the user leaves. `order`: of the leave, among the claims. */
  | { readonly t: 'leaving'; readonly cell: CellId; readonly order: number };

export type OwnQuestion = {
  readonly state: QuestionState;
  readonly key: string | undefined;
  readonly at: EpochMs;
  readonly endedAt: EpochMs | undefined;
};

/** What one question has told this user, and what came of it. */
export type Known = {
  /** Which question of this id: a later one begins its stream anew. */
  readonly incarnation: number;
  /** The last item stored. */
  n: number;
  /** The last inbox number given for it. */
  lastSeq: number;
  purgeAt: EpochMs;
  offer:
    | {
        readonly id: OfferId;
        readonly state: OfferState;
        readonly view: OfferView;
        /** When it was heard that an accepted one has ended. */
        readonly endedAt?: EpochMs;
      }
    | undefined;
  /** The user's own question. */
  question: OwnQuestion | undefined;
};

export type Meta = {
  readonly user: UserId;
  readonly pseudonym: string;
  epoch: number;
  holding: Holding;
  /** What the user's cell said when it last gave them up. While a cell holds them, it is what that cell was granted. */
  record: UserRecord | null;
  /** Since when it lies here; unknown in rows of before. */
  recordAt?: EpochMs;
  /** Of the newest claim, or leave. */
  session: string | undefined;
  seq: number | undefined;
  /** The sessions before it, newest first, with their highest numbers: what is no higher is a copy. */
  past?: readonly { readonly session: string; readonly seq: number }[];
  /** Of the newest claim for a ping, or leave, that was heard of, granted or not: a count. */
  order: number;
  /** The newest leave. */
  left?: { readonly at: EpochMs; readonly session?: string | undefined; readonly seq?: number | undefined };
  lastSeq: number;
  /** The holder's cell may have been told of so many unread events that it must hear when there are fewer. */
  crowded?: true;
};

export type Waiter = { readonly token: number; readonly after: number; readonly limit: number };

export type UserState = {
  // durable
  meta: Meta | undefined;
  readonly known: Map<QuestionId, Known>;
  readonly inbox: Map<number, UserEvent>;
  clock: EpochMs;
  // derived
  readonly keys: Map<string, QuestionId>;
  lastSeq: number;
  /** The earliest of all that is known: until then no step looks through it. */
  purgeAt: EpochMs | undefined;
  // volatile
  pseudonym: string;
  armedAt: EpochMs | undefined;
  behind: Clock['behind'];
  nextCall: number;
  /** Calls that are under way. */
  readonly calls: Set<number>;
  recallCall: number | undefined;
  /** For which claim it was sent. */
  recallFor: number | undefined;
  /** Who waits for the outcome of a recall: claims of the newest claimant's cell alone. */
  readonly claims: { readonly token: number; readonly order: number }[];
  /** Who waits for the outcome of a leave. */
  readonly leavers: number[];
  /** Questions that were let through and are not registered yet, and until when their places are held. */
  readonly places: Map<QuestionId, EpochMs>;
  readonly waiters: Waiter[];
  /** News for the holder's cell: what is in flight comes first, `sent…` of each. */
  push: {
    call: number | undefined;
    failures: number;
    retryAt: EpochMs | undefined;
    events: UserEvent[];
    offers: NonNullable<StreamItem['offer']>[];
    sentEvents: number;
    sentOffers: number;
    /** The holder's cell is owed the number of unread events, news or not. */
    word: boolean;
    /** What is in flight says no number: few. */
    sentFew: boolean;
  };
};

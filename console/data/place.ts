import type { Language } from '#contract/screen.ts';

/** Where in the console somebody is; lives in the fragment, so that the server serves one page. */
export type Place =
  | { readonly kind: 'overview' }
  /** From the card to the desktop, terminal by terminal. */
  | { readonly kind: 'speeds' }
  | { readonly kind: 'report'; readonly period: { readonly from?: string; readonly to?: string } }
  | { readonly kind: 'person'; readonly id: string }
  /** What a support code stands for. */
  | { readonly kind: 'refusal'; readonly code: string }
  | { readonly kind: 'import' }
  /** People who get a card one after the other. */
  | { readonly kind: 'card-queue'; readonly filter: QueuePlace }
  | { readonly kind: 'directory' }
  | { readonly kind: 'card-authorities' }
  /** Lists that the server searches, sorts and gives page by page. */
  | { readonly kind: ListKind; readonly filter?: ListFilter }
  | { readonly kind: 'policy' }
  | { readonly kind: 'checklist' }
  | { readonly kind: 'periodic-review'; readonly id: string }
  | { readonly kind: 'accounts'; readonly filter: AccountPlace }
  | { readonly kind: 'log'; readonly filter: LogFilter }
  | { readonly kind: 'proof' }
  /** Of one event. */
  | { readonly kind: 'event-proof'; readonly id: string }
  | { readonly kind: 'keys' }
  /** How to, for one's roles. */
  | { readonly kind: 'help' }
  /** One's own sign-in. */
  | { readonly kind: 'sign-in' };

export type ListKind =
  | 'people'
  | 'cards'
  | 'loan-cards'
  | 'terminals'
  | 'revocations'
  | 'approvals'
  | 'emergency-codes'
  | 'reviews'
  | 'periodic-reviews'
  | 'backups';
export interface ListFilter {
  readonly search?: string;
  readonly state?: string;
  readonly role?: string;
  readonly what?: string;
  readonly act?: string;
  readonly kind?: string;
  readonly technology?: string;
  readonly assurance?: string;
  readonly cards?: string;
  readonly sort?: string;
  readonly order?: string;
}

export interface LogFilter {
  readonly person?: string;
  readonly terminal?: string;
  readonly kind?: string;
  readonly supportCode?: string;
  readonly period?: string;
  readonly from?: string;
  readonly to?: string;
}
export interface AccountPlace {
  readonly finding?: string;
  readonly role?: string;
  readonly search?: string;
  readonly days?: string;
  readonly sort?: string;
  readonly order?: string;
  readonly page?: string;
}
/** Who is in a queue for cards, and how far it has come. */
export interface QueuePlace {
  /** Who was chosen: by the filter of the list, one by one, or by when they came. */
  readonly search?: string | undefined;
  readonly role?: string | undefined;
  readonly ids?: string | undefined;
  readonly addedAt?: string | undefined;
  /** `number` or `kana`. */
  readonly sort?: string | undefined;
  /** When it began, by the server's clock. */
  readonly since?: string | undefined;
  /** Whose turn it is. */
  readonly turn?: string | undefined;
  /** Who was set aside, with commas between. */
  readonly aside?: string | undefined;
  readonly stopped?: string | undefined;
  /** What the cards are called. */
  readonly label?: string | undefined;
  /** Whether everybody chooses a PIN too. */
  readonly pin?: string | undefined;
}
/** By what each can be narrowed and sorted: another name in an address would be refused by the server. */
const listNames = {
  people: ['search', 'state', 'role', 'cards', 'sort', 'order'],
  cards: ['search', 'kind', 'technology', 'assurance', 'state', 'sort', 'order'],
  'loan-cards': ['search', 'state', 'sort', 'order'],
  terminals: ['search', 'state', 'sort', 'order'],
  revocations: ['search', 'what', 'sort', 'order'],
  approvals: ['search', 'state', 'act', 'sort', 'order'],
  'emergency-codes': ['search', 'state', 'sort', 'order'],
  reviews: ['search', 'state', 'sort', 'order'],
  'periodic-reviews': ['search', 'state', 'sort', 'order'],
  backups: ['search', 'state', 'sort', 'order'],
} as const satisfies Readonly<Record<ListKind, readonly (keyof ListFilter)[]>>;
const isListKind = (kind: string | undefined): kind is ListKind => kind !== undefined && Object.hasOwn(listNames, kind);
/** A list without a filter is a place by its kind alone. */
const listPlace = (kind: ListKind, search: string): Place => {
  const filter: ListFilter = readFilter<keyof ListFilter>(search, listNames[kind]);
  return Object.keys(filter).length === 0 ? { kind } : { kind, filter };
};
const queueNames = [
  'search',
  'role',
  'ids',
  'addedAt',
  'sort',
  'since',
  'turn',
  'aside',
  'stopped',
  'label',
  'pin',
] as const satisfies readonly (keyof QueuePlace)[];
const accountNames = [
  'finding',
  'role',
  'search',
  'days',
  'sort',
  'order',
  'page',
] as const satisfies readonly (keyof AccountPlace)[];
const filterNames = [
  'person',
  'terminal',
  'kind',
  'supportCode',
  'period',
  'from',
  'to',
] as const satisfies readonly (keyof LogFilter)[];

export const parsePlace = (fragment: string): Place | undefined => {
  const [path = '', search = ''] = fragment.replace(/^#\/?/, '').split('?');
  const [first, second] = path.split('/');
  if (first === 'overview' || first === 'speeds') return { kind: first };
  if (first === 'report') return { kind: first, period: readPeriod(search) };
  if (first === 'people' && second !== undefined && second !== '') return { kind: 'person', id: second };
  if (first === 'periodic-reviews' && second !== undefined && second !== '')
    return { kind: 'periodic-review', id: second };
  if (isListKind(first)) return listPlace(first, search);
  if (first === 'refusals' && second !== undefined && second !== '') {
    return { kind: 'refusal', code: second.slice(0, 20) };
  }
  if (first === 'import' || first === 'directory') return { kind: first };
  if (first === 'policy' || first === 'checklist') return { kind: first };
  if (first === 'card-authorities' || first === 'sign-in') return { kind: first };
  if (first === 'help') return { kind: 'help' };
  if (first === 'proof' && second !== undefined && second !== '') return { kind: 'event-proof', id: second };
  if (first === 'proof' || first === 'keys') return { kind: first };
  if (first === 'card-queue') return { kind: 'card-queue', filter: readFilter(search, queueNames) };
  if (first === 'accounts') return { kind: 'accounts', filter: readFilter(search, accountNames) };
  return first === 'log' ? { kind: 'log', filter: readFilter(search, filterNames) } : undefined;
};

const readFilter = <Name extends string>(search: string, names: readonly Name[]): Partial<Record<Name, string>> => {
  const given = new URLSearchParams(search);
  const filter: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const value = given.get(name);
    if (value !== null && value !== '') filter[name] = value;
  }
  return filter;
};

const isDay = (text: string | null): text is string => text !== null && /^(\d{4}-\d\d-\d\d)?$/.test(text);
/** Days of a report; an empty one is one that is being chosen. */
const readPeriod = (search: string): { readonly from?: string; readonly to?: string } => {
  const given = new URLSearchParams(search);
  const [from, to] = [given.get('from'), given.get('to')];
  return { ...(isDay(from) ? { from } : {}), ...(isDay(to) ? { to } : {}) };
};

export const fragmentOf = (place: Place): string => {
  if (place.kind === 'person') return `#/people/${place.id}`;
  if (place.kind === 'refusal') return `#/refusals/${encodeURIComponent(place.code)}`;
  if (place.kind === 'event-proof') return `#/proof/${place.id}`;
  if (place.kind === 'periodic-review') return `#/periodic-reviews/${place.id}`;
  if (place.kind === 'report') {
    const days = new URLSearchParams(place.period).toString();
    return days === '' ? '#/report' : `#/report?${days}`;
  }
  if (!('filter' in place) || place.filter === undefined) return `#/${place.kind}`;
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(place.filter as Readonly<Record<string, string | undefined>>)) {
    if (value !== undefined && value !== '') given.set(name, value);
  }
  const tail = given.toString();
  return tail === '' ? `#/${place.kind}` : `#/${place.kind}?${tail}`;
};

/** The one-time code of an invitation link. */
export const invitationIn = (fragment: string): string | undefined => {
  const code = new URLSearchParams(fragment.replace(/^#/, '')).get('invitation');
  return code === null || code === '' ? undefined : code;
};

/** The language in which a terminal opens the console in a window of its own. */
export const languageIn = (fragment: string): Language | undefined => {
  const language = new URLSearchParams(fragment.replace(/^#/, '')).get('language');
  return language === 'ja' || language === 'en' ? language : undefined;
};

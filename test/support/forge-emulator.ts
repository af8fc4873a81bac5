// An emulated forge as far as commit statuses go: what is written stays, lists have pages, tokens have budgets, and an answer
// may be lost on its way back. What differs between vendors stands in forge-vendors.ts.
import type { HttpRequest, HttpResponse } from '../../internal/sdk/http.ts';
import { TransportError } from '../../internal/sdk/http.ts';
import type { ProviderDefinition } from '../../internal/sdk/provider.ts';
import { type StatusItem, StatusTable } from './status-forge.ts';

/** What a request asks of the forge; a place is one commit of one repository. */
export type StatusWish =
  | { readonly kind: 'list'; readonly place: string; readonly only?: string; readonly page: number; readonly size: number }
  | { readonly kind: 'create'; readonly place: string; readonly status: Omit<StatusItem, 'id'> }
  | { readonly kind: 'other'; readonly answer: HttpResponse };

export interface ListedPage {
  readonly items: readonly StatusItem[];
  readonly page: number;
  readonly hasNext: boolean;
}

export interface Vendor {
  readonly definition: ProviderDefinition;
  readonly secret: Readonly<Record<string, string>>;
  readonly states: { readonly success: string; readonly failure: string };
  /** The address of a repository, as it stands in a Provider. */
  addressOf(repository: number): string;
  /** Under which its statuses are kept. */
  placeOf(repository: number): string;
  /** How the forge calls the context of a status. */
  contextOf(statusId: string): string;
  read(request: HttpRequest): StatusWish;
  /** What of a table is listed, in the vendor's order. */
  arrange(table: StatusTable): readonly StatusItem[];
  toList(list: ListedPage, wish: Extract<StatusWish, { kind: 'list' }>): HttpResponse;
  toCreated(item: StatusItem): HttpResponse;
  /** What a token is told whose budget is spent. */
  toRefusal(resetMs: number, nowMs: number): HttpResponse;
  /** Answers 304 to whoever has seen a list, at no cost. */
  readonly hasEtags: boolean;
}

export interface Calls {
  list: number;
  unchanged: number;
  create: number;
  other: number;
  refused: number;
}

export interface EmulatorOptions {
  readonly nowMs: () => number;
  /** Of the one token; what is answered 304 does not count. */
  readonly callsPerHour?: number;
}

const HOUR_MS = 3_600_000;
const BAD_GATEWAY: HttpResponse = { status: 502, headers: {}, body: Buffer.from('<html>Bad Gateway</html>'), truncated: false };

export class ForgeEmulator {
  readonly calls: Calls = { list: 0, unchanged: 0, create: 0, other: 0, refused: 0 };
  /** Statuses that the commit had already when they were created. */
  redundant = 0;
  /** How many hours of the budget have begun. */
  hours = 0;
  /** The next status is written, and its answer is lost. */
  losesNextAnswer = false;
  /** The next status is written, and something before the forge answers 502. */
  breaksNextAnswer = false;
  /** Told of every status that is written through the API. */
  onCreate: ((place: string, item: StatusItem) => void) | undefined;
  readonly vendor: Vendor;
  readonly #options: EmulatorOptions;
  readonly #tables = new Map<string, StatusTable>();
  #windowEndsMs = 0;
  #spent = 0;

  constructor(vendor: Vendor, options: EmulatorOptions) {
    this.vendor = vendor;
    this.#options = options;
  }

  get total(): number {
    const { list, create, other, refused } = this.calls;
    return list + create + other + refused;
  }

  table(repository: number): StatusTable {
    return this.#at(this.vendor.placeOf(repository));
  }

  /** What people see of a context. */
  shown(repository: number, statusId: string): StatusItem | undefined {
    return this.table(repository).newest(this.vendor.contextOf(statusId));
  }

  /** Nothing more is answered until the hour is over. */
  exhaust(): void {
    this.#openWindow();
    this.#spent = this.#options.callsPerHour ?? Number.POSITIVE_INFINITY;
  }

  answer(request: HttpRequest): HttpResponse {
    const wish = this.vendor.read(request);
    const unchanged = wish.kind === 'list' ? this.#unchanged(wish, request) : undefined;
    if (unchanged !== undefined) return unchanged;
    const refusal = this.#charge();
    if (refusal !== undefined) return refusal;
    if (wish.kind === 'list') return this.#list(wish);
    if (wish.kind === 'create') return this.#create(wish);
    this.calls.other += 1;
    return wish.answer;
  }

  #at(place: string): StatusTable {
    const table = this.#tables.get(place) ?? new StatusTable();
    this.#tables.set(place, table);
    return table;
  }

  #unchanged(wish: Extract<StatusWish, { kind: 'list' }>, request: HttpRequest): HttpResponse | undefined {
    const known = request.headers.find(([name]) => name.toLowerCase() === 'if-none-match')?.[1];
    if (!this.vendor.hasEtags || known !== this.#etag(wish)) return undefined;
    this.calls.unchanged += 1;
    return { status: 304, headers: { etag: known }, body: new Uint8Array(), truncated: false };
  }

  #charge(): HttpResponse | undefined {
    const { callsPerHour } = this.#options;
    this.#openWindow();
    if (callsPerHour === undefined || this.#spent < callsPerHour) {
      this.#spent += 1;
      return undefined;
    }
    this.calls.refused += 1;
    return this.vendor.toRefusal(this.#windowEndsMs, this.#options.nowMs());
  }

  #openWindow(): void {
    const nowMs = this.#options.nowMs();
    if (nowMs < this.#windowEndsMs) return;
    this.#windowEndsMs = nowMs + HOUR_MS;
    this.#spent = 0;
    this.hours += 1;
  }

  #list(wish: Extract<StatusWish, { kind: 'list' }>): HttpResponse {
    this.calls.list += 1;
    const { only, page, size } = wish;
    const all = this.vendor.arrange(this.#at(wish.place)).filter(({ context }) => only === undefined || context === only);
    const items = all.slice(size * (page - 1), size * page);
    const answer = this.vendor.toList({ items, page, hasNext: all.length > size * page }, wish);
    return this.vendor.hasEtags ? { ...answer, headers: { ...answer.headers, etag: this.#etag(wish) } } : answer;
  }

  #etag({ place, page }: Extract<StatusWish, { kind: 'list' }>): string {
    return `W/"${place}-${page}-${this.#at(place).items.length}"`;
  }

  #create({ place, status }: Extract<StatusWish, { kind: 'create' }>): HttpResponse {
    this.calls.create += 1;
    const table = this.#at(place);
    const shown = table.newest(status.context);
    if (shown?.state === status.state && shown.description === status.description) this.redundant += 1;
    table.write(status);
    const item = table.newest(status.context);
    if (item === undefined) throw new Error('what was written is there');
    this.onCreate?.(place, item);
    if (this.breaksNextAnswer) {
      this.breaksNextAnswer = false;
      return BAD_GATEWAY;
    }
    if (!this.losesNextAnswer) return this.vendor.toCreated(item);
    this.losesNextAnswer = false;
    throw new TransportError('network', 'connection reset');
  }
}

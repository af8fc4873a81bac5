// The statuses of a commit as an emulated forge keeps them.

export const SHA = '5394cb7f48332b2de7c17dd8b8384bbc84b7e738';

export interface StatusItem {
  readonly id: number;
  readonly context: string;
  readonly state: string;
  readonly description: string;
  /** Of a build, on forges that call a status so. */
  readonly name?: string;
}

/** The statuses of one commit; a forge never forgets one, and the newest of a context is what people see. */
export class StatusTable {
  readonly items: StatusItem[] = [];

  write(status: Omit<StatusItem, 'id'>): void {
    this.items.push({ ...status, id: this.items.length + 1 });
  }

  newest(context: string): StatusItem | undefined {
    return this.items.findLast((item) => item.context === context);
  }

  /** The newest of each context, newest first. */
  latest(): readonly StatusItem[] {
    return this.items.toReversed().filter((item) => this.newest(item.context) === item);
  }
}

/** Part of a list, and the header by which a forge says that there is more. */
export function page<Item>(items: readonly Item[], { size, page: number }: { size: number; page: number }) {
  const hasNext = items.length > size * number;
  const headers: Record<string, string> = hasNext ? { link: `<https://forge.example.com/?page=${number + 1}>; rel="next"` } : {};
  return { items: items.slice(size * (number - 1), size * number), headers };
}

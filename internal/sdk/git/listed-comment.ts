// What the forges have in common in the comments that they list.
import type { ListedComment } from './comment.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The comment, or nothing when it lacks what tells it apart; `author` is where the name of its author stands. */
export function toListed(item: Fields, [who, name]: readonly [who: string, name: string]): readonly ListedComment[] {
  const id = idOf(item);
  const author = fieldOf(item[who], name);
  const { body } = item;
  return id === undefined || typeof author !== 'string' || typeof body !== 'string' ? [] : [{ id, author, body }];
}

/** The number that a forge gave to what it answers with, as text. */
export function idOf(value: unknown): string | undefined {
  const id = fieldOf(value, 'id');
  return typeof id === 'number' ? String(id) : undefined;
}

/** A field of what may be no object at all. */
export function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Fields)[name] : undefined;
}

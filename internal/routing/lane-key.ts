// The keys of lanes and of what is counted with them.

/** Parts cannot imitate one another: the separator never stands inside of one. */
export function joinKey(policy: string, parts: readonly string[]): string {
  return [policy, ...parts.map((part) => part.replace(/[%|]/g, encodeURIComponent))].join('|');
}

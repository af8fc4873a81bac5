// W3C Trace Context: which trace something belongs to, as its sender says in the header of that name.

const VERSION_00 = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The header's value, or undefined when it is absent or not one that can be passed on. */
export function readTraceparent(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' && VERSION_00.test(value) ? value : undefined;
}

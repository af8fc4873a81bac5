// Takes secrets out of text. One pass over the text whatever the number of secrets: a filter on four characters says
// where a secret could begin, and only there are the forms compared.
import type { Redactor } from '../sdk/transport.ts';
import { MIN_SECRET_CHARS, toSecretForms } from './secret-forms.ts';

const MASK = '*****';
const FILTER_SIZE = 1 << 16;
/**
 * Tokens that expire pile up over months, so the oldest values leave. Whoever resolves secrets adds them before each
 * use, which makes them young again.
 */
const MAX_SECRETS = 50_000;

/** A redactor that knows no secret yet. */
export function createRedactor(maxSecrets = MAX_SECRETS): Redactor {
  const secrets = new Map<string, ReadonlySet<string>>();
  const index = new FormIndex();
  return {
    add(secret) {
      const known = secrets.get(secret);
      if (known !== undefined) {
        secrets.delete(secret);
        secrets.set(secret, known);
        return;
      }
      const forms = toSecretForms(secret);
      if (forms.size === 0) return;
      secrets.set(secret, forms);
      index.add(forms);
      if (secrets.size > maxSecrets) forgetOldest(secrets, index);
    },
    redact: (text) => index.mask(text),
  };
}

function forgetOldest(secrets: Map<string, ReadonlySet<string>>, index: FormIndex): void {
  for (const [secret, forms] of secrets) {
    secrets.delete(secret);
    index.remove(forms);
    return;
  }
}

class FormIndex {
  /** How many forms begin with four characters of this hash. */
  readonly #filter = new Uint32Array(FILTER_SIZE);
  /** By the first four characters: the forms, longest first, with how many secrets share each. */
  readonly #forms = new Map<string, { readonly form: string; uses: number }[]>();

  add(forms: Iterable<string>): void {
    for (const form of forms) {
      const start = form.slice(0, MIN_SECRET_CHARS);
      const siblings = this.#forms.get(start) ?? [];
      const same = siblings.find((sibling) => sibling.form === form);
      if (same === undefined) siblings.push({ form, uses: 1 });
      else same.uses += 1;
      siblings.sort((left, right) => right.form.length - left.form.length);
      this.#forms.set(start, siblings);
      this.#count(form, 1);
    }
  }

  remove(forms: Iterable<string>): void {
    for (const form of forms) {
      const start = form.slice(0, MIN_SECRET_CHARS);
      const siblings = this.#forms.get(start) ?? [];
      const same = siblings.find((sibling) => sibling.form === form);
      if (same === undefined) continue;
      same.uses -= 1;
      this.#count(form, -1);
      if (same.uses > 0) continue;
      const left = siblings.filter((sibling) => sibling !== same);
      if (left.length === 0) this.#forms.delete(start);
      else this.#forms.set(start, left);
    }
  }

  mask(text: string): string {
    if (this.#forms.size === 0) return text;
    let masked = '';
    let copied = 0;
    let at = 0;
    const last = text.length - MIN_SECRET_CHARS;
    while (at <= last) {
      const end = this.#filter[hashAt(text, at)] === 0 ? at : this.#matchEnd(text, at);
      if (end === at) {
        at += 1;
        continue;
      }
      masked += text.slice(copied, at) + MASK;
      at = end;
      copied = end;
    }
    return copied === 0 ? text : masked + text.slice(copied);
  }

  /** End of the longest secret that starts here, prolonged by those that start within it: secrets may overlap. */
  #matchEnd(text: string, start: number): number {
    let end = this.#longestEnd(text, start);
    for (let at = start + 1; at < end; at += 1) end = Math.max(end, this.#longestEnd(text, at));
    return end;
  }

  #longestEnd(text: string, at: number): number {
    if (at + MIN_SECRET_CHARS > text.length || this.#filter[hashAt(text, at)] === 0) return at;
    const found = this.#forms.get(text.slice(at, at + MIN_SECRET_CHARS))?.find(({ form }) => text.startsWith(form, at));
    return found === undefined ? at : at + found.form.length;
  }

  #count(form: string, change: number): void {
    const hash = hashAt(form, 0);
    this.#filter[hash] = (this.#filter[hash] ?? 0) + change;
  }
}

function hashAt(text: string, at: number): number {
  const first = text.charCodeAt(at) * 31 + text.charCodeAt(at + 1);
  const second = text.charCodeAt(at + 2) * 31 + text.charCodeAt(at + 3);
  return (first * 1009 + second) & (FILTER_SIZE - 1);
}

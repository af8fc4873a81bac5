// The shapes in which a secret value can turn up in text: raw, JSON (once and twice escaped, JavaScript's way and Go's),
// percent-encoded, HTML, base64, and one encoding within another. Base64 also as a part of something longer that was
// encoded, as Basic authentication does.

/** Values shorter than this are not scrubbed: they protect nothing, and scrubbing every `a` or `443` would tear all text. */
export const MIN_SECRET_CHARS = 4;
/** A piece of base64 this short turns up by chance. */
const MIN_BASE64_PIECE_CHARS = 8;
/** Of a value of many lines, such as a private key, every line of this length is a secret of its own. */
const MIN_LINE_CHARS = 16;

/** Every form of a secret that is long enough to be scrubbed; empty for values that are not. */
export function toSecretForms(secret: string): ReadonlySet<string> {
  const forms = new Set<string>();
  const trimmed = secret.trim();
  for (const value of trimmed === secret ? [secret] : [secret, trimmed]) {
    for (const form of formsOf(value)) forms.add(form);
  }
  for (const line of linesOf(trimmed)) {
    forms.add(line);
    forms.add(encodeURIComponent(line.toWellFormed()));
  }
  return new Set([...forms].filter((form) => form.length >= MIN_SECRET_CHARS && /[^*\s]/.test(form)));
}

function formsOf(value: string): readonly string[] {
  if (value.length < MIN_SECRET_CHARS) return [];
  const json = toJson(value);
  const goJson = toGoJson(json);
  // A body is often encoded as a whole after the secret was escaped in it.
  const inner = new Set([value, json, goJson, encodeURIComponent(value.toWellFormed())]);
  return [...inner, toJson(json), ...[...inner].flatMap((form) => [...percentForms(form), ...htmlForms(form), ...base64Forms(form)])];
}

function linesOf(value: string): readonly string[] {
  const lines = value.split(/\r?\n/);
  if (lines.length === 1) return [];
  return lines.map((line) => line.trim()).filter((line) => line.length >= MIN_LINE_CHARS && !line.startsWith('-----'));
}

function toJson(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}

/** Go's encoder also escapes what could be HTML. */
function toGoJson(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`);
}

function percentForms(value: string): readonly string[] {
  const component = encodeURIComponent(value.toWellFormed());
  const strict = component.replace(/[!'()*]/g, (char) => `%${(char.codePointAt(0) ?? 0).toString(16).toUpperCase()}`);
  const forms = [component, strict, strict.replaceAll('%20', '+'), encodeURI(value.toWellFormed())];
  return [...forms, ...forms.map((form) => form.replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase()))];
}

function htmlForms(value: string): readonly string[] {
  const named = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return [
    named,
    named.replaceAll('"', '&quot;'),
    named.replaceAll('"', '&quot;').replaceAll("'", '&#39;'),
    named.replaceAll('"', '&#34;').replaceAll("'", '&#39;'),
    named.replaceAll('"', '&quot;').replaceAll("'", '&#x27;'),
  ];
}

function base64Forms(value: string): readonly string[] {
  const bytes = Buffer.from(value, 'utf8');
  const whole = bytes.toString('base64');
  const standard = [whole, whole.replace(/=+$/, ''), ...[0, 1, 2].map((offset) => innerBase64(bytes, offset))];
  const forms = standard.filter((form) => form.length >= MIN_BASE64_PIECE_CHARS);
  return [...forms, ...forms.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))];
}

/** The characters that depend on these bytes alone when they follow `offset` (modulo 3) others. */
function innerBase64(bytes: Buffer, offset: number): string {
  const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
  return encoded.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
}

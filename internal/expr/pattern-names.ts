// Names in RE2 patterns as Go reads them and the library does not: classes in any case and by their long names
// (`\p{Letter}`, `\p{greek}`), and groups that share a name.

/** A quotation, a class of characters, an escape, or the beginning of a named group. */
const TOKEN = /\\Q[^]*?(?:\\E|$)|\[\^?\]?(?:\[:\^?\w+:\]|\\[^]|[^\]\\])*\]|\\[pP](?:\{[^}]*\}|[^{])|\\[^]|\(\?P?<[A-Za-z0-9_]+>/gu;
const UNICODE_CLASS = /\\([pP])(?:\{(\^?)([^}]*)\}|([^{]))|\\[^]/gu;
const HAS_NAME = /\\[pP]|\(\?P?</;

/** Unicode's long names of its general categories, as Go spells them once case and separators are gone. */
const CATEGORY_ALIASES: ReadonlyMap<string, string> = new Map(
  (
    'Casedletter=Lc Closepunctuation=Pe Combiningmark=M Connectorpunctuation=Pc Control=Cc Currencysymbol=Sc ' +
    'Dashpunctuation=Pd Decimalnumber=Nd Enclosingmark=Me Finalpunctuation=Pf Format=Cf Initialpunctuation=Pi Letter=L ' +
    'Letternumber=Nl Lineseparator=Zl Lowercaseletter=Ll Mark=M Mathsymbol=Sm Modifierletter=Lm Modifiersymbol=Sk ' +
    'Nonspacingmark=Mn Number=N Openpunctuation=Ps Other=C Otherletter=Lo Othernumber=No Otherpunctuation=Po ' +
    'Othersymbol=So Paragraphseparator=Zp Privateuse=Co Punctuation=P Separator=Z Spaceseparator=Zs Spacingmark=Mc ' +
    'Surrogate=Cs Symbol=S Titlecaseletter=Lt Unassigned=Cn Uppercaseletter=Lu Cntrl=Cc Digit=Nd Punct=P'
  )
    .split(' ')
    .map((pair) => pair.split('=') as [string, string]),
);

/** The same pattern in the library's words; what Go refuses stays what the library refuses. */
export function withLibraryNames(source: string): string {
  if (!HAS_NAME.test(source)) return source;
  return source.replace(TOKEN, (token) => {
    if (token.startsWith('\\Q')) return token;
    // Nobody asks which group matched what, so groups need no names.
    return token.startsWith('(') ? '(' : token.replace(UNICODE_CLASS, renameClass);
  });
}

function renameClass(written: string, letter?: string, negation?: string, name?: string, single?: string): string {
  const given = name ?? single;
  if (letter === undefined || given === undefined) return written;
  const canonical = canonicalName(given);
  return `\\${letter}{${negation ?? ''}${CATEGORY_ALIASES.get(canonical) ?? canonical}}`;
}

/** Go drops separators and writes the first letter large and the others small. */
function canonicalName(name: string): string {
  const joined = name.replace(/[ _-]/g, '');
  const lower = joined.slice(1).replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  return joined.slice(0, 1).replace(/[a-z]/, (letter) => letter.toUpperCase()) + lower;
}

// Title case as Go's x/text/cases has it: the first cased letter of each word in upper case, all others in lower case.

/** May stand inside a word, and ends it only when no letter follows. */
const MID_WORD = /[:·\u0387\u055f\u05f4\u2027\ufe13\ufe55\uff1a.\u2018\u2019\u2024\ufe52\uff07\uff0e']/u;
const IN_WORD = /[\p{L}\p{M}\p{Nd}\p{Pc}\p{Cf}]/u;
/** Scripts without spaces: each character is a word of its own. */
const OWN_WORD = /[\p{Ideographic}\p{Script=Hiragana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/** `HTTPError` becomes `Httperror`, `foo-bar` becomes `Foo-Bar`. */
export function toTitleCase(text: string): string {
  // The only letter whose lower case depends on what surrounds it; İ alone would move those behind it.
  const lower = text.includes('Σ') ? text.replaceAll('İ', 'I').toLowerCase() : '';
  let title = '';
  let at = 0;
  let isInWord = false;
  let wasMid = false;
  for (const character of text) {
    const isMid = MID_WORD.test(character);
    const isBreak = !isMid && (!IN_WORD.test(character) || OWN_WORD.test(character));
    // What joins two letters stands alone between them.
    if ((isBreak || isMid) && wasMid) isInWord = false;
    if (/\p{Cased}/u.test(character)) {
      title += isInWord ? (character === 'Σ' ? lower.charAt(at) : character.toLowerCase()) : capital(character);
      isInWord = true;
    } else {
      title += character;
      if (isBreak) isInWord = false;
    }
    wasMid = isMid;
    at += character.length;
  }
  return title;
}

/** Digraphs that are one character, each in its three cases. */
const DIGRAPHS = 'ǄǅǆǇǈǉǊǋǌǱǲǳ';
/** Has capitals that stand at the head of no word. */
const GEORGIAN = /[\u10d0-\u10ff]/;

/** Where the upper case is two letters, only the first of them is a capital. */
function capital(character: string): string {
  const digraph = DIGRAPHS.indexOf(character);
  if (digraph >= 0) return DIGRAPHS.charAt(digraph - (digraph % 3) + 1);
  if (GEORGIAN.test(character)) return character;
  const [first = '', ...rest] = character.toUpperCase();
  // The one of them whose first is no letter of the alphabet.
  return first + (first === 'ʼ' ? rest.join('') : rest.join('').toLowerCase());
}

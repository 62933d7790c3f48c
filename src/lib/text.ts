// Texts as people see them: whether there is anything to see, and whether two are the same word.

/**
 * What has no shape: white space, control characters, what Unicode lets a renderer ignore (zero-width spaces and joiners, Hangul
 * fillers, variation selectors, tags), unassigned code points, and the few assigned ones that are drawn as nothing.
 */
const SHAPELESS =
  /^[\p{White_Space}\p{Cc}\p{Cn}\p{Default_Ignorable_Code_Point}\u2800\ufff9-\ufffc\u{1d159}\u{13430}-\u{13442}\u{16fe4}]*$/u;

/** True for a text in which nobody can see anything. */
export function isBlank(text: string): boolean {
  return SHAPELESS.test(text);
}

/** A form that is equal for texts that differ in case, in composition or in blanks around them alone. Not for showing. */
export function folded(text: string): string {
  const plain = text.trim();
  if (ASCII.test(plain)) return plain.toLowerCase();
  // Lower, upper, lower is Unicode's case folding (ẞ is ß is ss, ς is σ) but for the dotless i, which has no other case.
  const cased = plain.normalize('NFD').replace(NOT_DOTLESS, (part) => part.toLowerCase().toUpperCase().toLowerCase());
  // A final sigma is a matter of place, not of the word.
  return cased.replaceAll('ς', 'σ').normalize('NFC');
}

const ASCII = /^[\x20-\x7e]*$/;
const NOT_DOTLESS = /[^ı]+/g;

/** What nobody types and no reader should obey: control characters, half pairs, and marks that turn the direction of what follows. */
const HARMFUL = /(?![\t\n])[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/gu;

/** The text without them; tab and newline stay, and every way to end a line is a newline. */
export function cleaned(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(HARMFUL, '');
}

/** Bytes of the text in UTF-8. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // Each half of a pair makes two of its four bytes.
    if (unit >= 0x800) bytes += unit >= 0xd800 && unit <= 0xdfff ? 1 : 2;
    else if (unit >= 0x80) bytes += 1;
  }
  return bytes;
}

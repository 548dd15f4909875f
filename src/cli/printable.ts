/** Texts for a terminal. They may quote what others have pushed, or written into a backup. */

/** Control characters, and those that reverse or break lines in Unicode. */
const UNPRINTABLE = /[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu

/** Spells out unprintable characters, as \u001b. Line feeds and tabs stay. */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, (found) => (found === '\n' || found === '\t' ? found : spelled(found)))
}

/** Spells out line feeds, too, so that no quoted text looks like a line of ours. */
export function oneLine(text: string): string {
  return text.replaceAll(UNPRINTABLE, spelled)
}

function spelled(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/**
 * Paths as git writes them in patches: https://git-scm.com/docs/git-config#Documentation/git-config.txt-corequotePath
 */

const ESCAPES: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '"': '\\"',
  '\\': '\\\\',
}

/** Quotes a path like a C string, unless it has only printable ASCII characters without quotes and backslashes. */
export function gitPath(path: string): string {
  if (/^[ !#-[\]-~]*$/.test(path)) return path
  let text = ''
  for (const byte of Buffer.from(path)) {
    const character = String.fromCharCode(byte)
    const shows = byte >= 0x20 && byte < 0x7f
    text += ESCAPES[character] ?? (shows ? character : `\\${byte.toString(8).padStart(3, '0')}`)
  }
  return `"${text}"`
}

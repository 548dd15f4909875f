/** The small part of XML that S3 uses. */

type Node = string | number | boolean | { [name: string]: Node | Node[] | undefined }

/** Serializes `{ A: { B: ['1', '2'] } }` as `<A><B>1</B><B>2</B></A>`. */
export function xml(tree: { [name: string]: Node | Node[] | undefined }): string {
  return `<?xml version="1.0" encoding="UTF-8"?>${inner(tree)}`
}

function inner(tree: Node): string {
  if (typeof tree !== 'object') return escaped(String(tree))
  return Object.entries(tree)
    .flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((node) => ({ name, node })))
    .map(({ name, node }) => (node === undefined ? '' : `<${name}>${inner(node)}</${name}>`))
    .join('')
}

/** Returns the text of each element with a name. */
export function elements(text: string, name: string): string[] {
  return [...text.matchAll(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, 'g'))].map((match) =>
    unescaped(match[1] ?? ''),
  )
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}

function unescaped(text: string): string {
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&#34;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&amp;', '&')
}

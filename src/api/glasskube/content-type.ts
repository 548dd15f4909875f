const TYPES: Record<string, string> = {
  yaml: 'application/yaml',
  yml: 'application/yaml',
  json: 'application/json',
  txt: 'text/plain; charset=utf-8',
  md: 'text/plain; charset=utf-8',
}

/** Types that Glasskube's client takes, of which a browser renders none: a file of a package is no page of this site. */
export function contentTypeOf(path: string): string {
  const extension = /\.([^./]+)$/.exec(path)?.[1] ?? ''
  return TYPES[extension.toLowerCase()] ?? 'application/octet-stream'
}

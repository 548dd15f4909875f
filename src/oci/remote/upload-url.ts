/** What a registry has in the query of a Location has to stay as it is, byte for byte. */
export function withDigest(upload: URL, digest: string): URL {
  const url = new URL(upload)
  url.search += `${url.search === '' ? '?' : '&'}digest=${encodeURIComponent(digest)}`
  return url
}

/** Appends the digest and keeps the registry's own query byte for byte, as URLSearchParams would re-encode it. */
export function withDigest(upload: URL, digest: string): URL {
  const url = new URL(upload)
  url.search += `${url.search === '' ? '?' : '&'}digest=${encodeURIComponent(digest)}`
  return url
}

/** https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1 */
export type Challenge = {
  /** In lower case, like the names of the parameters. */
  scheme: string
  parameters: ReadonlyMap<string, string>
}

const TOKEN = "[!#$%&'*+.^_`|~\\w-]+"
const PARAMETER = new RegExp(`(${TOKEN})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|(${TOKEN}))(?=\\s*(?:,|$))`, 'y')
const SCHEME = new RegExp(`(${TOKEN})(?=[\\s,]|$)`, 'y')
const TOKEN68 = /\s+[A-Za-z0-9._~+/-]+=*(?=\s*(?:,|$))/y
const BETWEEN = /[\s,]*/y

/** Parses a WWW-Authenticate header, or several joined by commas, up to the first malformed challenge. */
export function parseChallenges(header: string | null): Challenge[] {
  const text = header ?? ''
  const challenges: Challenge[] = []
  let parameters = new Map<string, string>()
  let at = 0
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (match) at = pattern.lastIndex
    return match
  }
  while (true) {
    take(BETWEEN)
    const parameter = challenges.length > 0 ? take(PARAMETER) : null
    if (parameter) {
      const [, name = '', quoted, plain = ''] = parameter
      parameters.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? plain)
      continue
    }
    const scheme = take(SCHEME)?.[1]
    if (scheme === undefined) return challenges
    parameters = new Map()
    challenges.push({ scheme: scheme.toLowerCase(), parameters })
    take(TOKEN68)
  }
}

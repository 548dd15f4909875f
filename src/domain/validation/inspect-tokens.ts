/**
 * Finds what the yaml library reads, but not libyaml, by whose rules kubectl, Flux, Argo CD and Helm read. It gets one
 * token of the library's lexer after the other.
 */

/** Tokens that are no text of the file: a document starts, brackets end too early, and a scalar follows. */
const DOCUMENT = '\u0002'
const FLOW_ERROR = '\u0018'
export const SCALAR = '\u001F'

const TAG = /^!(?:<[-\w;/?:@&=+$,.!~*'()[\]]+>|[^<#%]*)$/
const BLOCK_HEADER = /^[|>](?:[-+]?[1-9]?|[1-9][-+])$/
/** Escapes of JSON: a slash, and characters beyond 16 bits as two surrogates. */
const UNKNOWN_ESCAPE = /(?<!\\)(?:\\\\)*(?:\\\/|\\u[dD][89a-fA-F])/
/** An escaped line break above an empty line, which is a line feed to readers, and a space to the library. */
const ESCAPED_BREAK = /(?<!\\)(?:\\\\)*\\\r?\n[ \t]*\r?\n/

const BREAK = /[\r\n\u0085\u2028\u2029]/

const TAB = 'a tab is in the indentation: use spaces'
/** In block style, the library has this limit, too. */
const MAX_KEY = 1024
const LOST_COLON = 'the colon is not on the line of its key'

/** A literal or folded block; the indentation of its lines, if its start gives it. */
type Block = { indent: number | undefined }

/** Reports whether a token is text of the file. */
export function isText(token: string): boolean {
  return token !== DOCUMENT && token !== FLOW_ERROR && token !== SCALAR
}

export class TokenInspector {
  #last = ''
  /** The number of open brackets. */
  #flow = 0
  /** The column of the token; that of the next one is counted from here. */
  #column = 0
  /** Whether a key may start here, where readers refuse tabs. */
  #keyMayStart = true
  /** What the line has: a tag or an anchor, the start of a key or a value, its end. */
  #line: 'nothing' | 'properties' | 'node' | 'end' = 'nothing'
  /** The column of the node that the line has, and of the key before it. */
  #nodeStart = 0
  #keyStart: number | undefined
  /** Where white space may have tabs, since it may belong to the text in the line above. */
  #tabsFrom = Number.POSITIVE_INFINITY
  /** An explicit key without its value yet: `? key`. */
  #explicit: { column: number; hasKey: boolean } | undefined
  /** The block that starts below. */
  #block: Block | undefined
  /** Whether white space must follow. */
  #needsSpace = false
  #document: 'empty' | 'open' | 'ended' = 'empty'

  /** Returns what is wrong with the next token. */
  next(token: string): string | undefined {
    const last = this.#last
    this.#last = token
    const fault = last === DOCUMENT || this.#needsSpace ? this.#inspectPlace(last, token) : undefined
    if (token === FLOW_ERROR) this.#flow = 0
    if (!isText(token)) return fault
    const inspected = last === SCALAR ? this.#inspectScalar(token) : this.#inspectSign(token)
    this.#column += token.length
    return fault ?? inspected
  }

  /** Inspects what a token follows. */
  #inspectPlace(last: string, token: string): string | undefined {
    const needsSpace = this.#needsSpace
    this.#needsSpace = false
    if (needsSpace && !/^\s/.test(token)) return 'white space is missing here'
    if (last !== DOCUMENT) return undefined
    const isHidden = this.#document === 'ended' && token !== '---'
    this.#document = 'empty'
    return isHidden ? 'readers ignore what follows "...": write "---" instead' : undefined
  }

  #inspectSign(token: string): string | undefined {
    switch (token[0]) {
      case '\r':
      case '\n':
        return this.#endLine(token)
      case ' ':
      case '\t':
        return this.#inspectSpace(token)
    }
    this.#tabsFrom = Number.POSITIVE_INFINITY
    if (token.startsWith('#')) return undefined
    if (this.#block) return 'only a comment may follow the start of a block'
    switch (token[0]) {
      case '%':
        return 'kubectl refuses this directive: remove the line'
      case ':':
        return this.#inspectColon()
      case ',':
        this.#line = 'nothing'
        return undefined
      case ']':
      case '}':
        this.#flow--
        this.#line = 'end'
        return undefined
      case '-':
      case '?':
        return token === '---' ? this.#startDocument() : this.#inspectIndicator(token)
      case '.':
        return this.#endDocument()
      default:
        return this.#startNode() ?? this.#inspectNode(token)
    }
  }

  #inspectSpace(token: string): string | undefined {
    const tab = this.#keyMayStart ? token.indexOf('\t') : -1
    return tab < 0 || this.#column + tab >= this.#tabsFrom ? undefined : TAB
  }

  #startDocument(): undefined {
    this.#document = 'empty'
    this.#explicit = undefined
  }

  #inspectIndicator(token: string): string | undefined {
    if (this.#flow > 0) return undefined
    // The library does not report all that is wrong with an explicit key.
    const isMisplaced = !this.#keyMayStart || this.#explicit !== undefined
    this.#explicit = token === '?' ? { column: this.#column, hasKey: false } : undefined
    this.#keyMayStart = true
    return isMisplaced ? `"${token}" cannot stand here: correct the indentation` : undefined
  }

  /** Counts columns from the last line break of a token, if it has one. */
  #startLine(token: string): void {
    const lineBreak = token.lastIndexOf('\n')
    if (lineBreak >= 0) this.#column = -lineBreak - 1
  }

  #endLine(token: string): string | undefined {
    const isSplit = this.#flow > 0 && this.#line === 'properties'
    this.#column = -token.length
    this.#keyMayStart = this.#flow === 0
    this.#keyStart = undefined
    this.#line = 'nothing'
    return isSplit ? 'a tag or an anchor in brackets is not on the line of its value' : undefined
  }

  #endDocument(): string | undefined {
    const isEmpty = this.#document === 'empty'
    this.#document = 'ended'
    return isEmpty ? 'no document ends here: remove the line' : undefined
  }

  #inspectColon(): string | undefined {
    const followsKey = this.#line !== 'nothing'
    const isExplicit = this.#explicit?.column === this.#column
    // In brackets, `a:,` is a text that ends with a colon.
    this.#needsSpace = this.#flow > 0 && this.#line === 'node'
    this.#keyMayStart = this.#flow === 0 && !followsKey
    this.#line = 'nothing'
    if (!followsKey) this.#explicit = undefined
    this.#keyStart = this.#nodeStart
    if (this.#flow > 0 && this.#column - this.#nodeStart > MAX_KEY)
      return `the key has more than ${MAX_KEY} characters`
    return followsKey || isExplicit ? undefined : LOST_COLON
  }

  #startNode(): string | undefined {
    const isLate = this.#line === 'end' || (this.#line === 'nothing' && !this.#endsExplicitKey())
    if (this.#line === 'nothing') this.#nodeStart = this.#column
    this.#keyMayStart = false
    this.#line = 'node'
    this.#document = 'open'
    return isLate ? 'nothing may follow here but a comment: start a new line' : undefined
  }

  /** Returns false for a node that is in place of the value of an explicit key. */
  #endsExplicitKey(): boolean {
    const explicit = this.#explicit
    if (!explicit) return true
    if (!explicit.hasKey) explicit.hasKey = true
    else if (this.#column > explicit.column) return false
    else this.#explicit = undefined
    return true
  }

  #inspectNode(token: string): string | undefined {
    const sign = token[0]
    if (sign === '[' || sign === '{') {
      this.#flow++
      this.#line = 'nothing'
    }
    if (sign === '|' || sign === '>') {
      const digit = Number(/[1-9]/.exec(token)?.[0] ?? 0)
      // Behind a dash, the lines may not have tabs at all.
      this.#block = { indent: digit > 0 ? digit + (this.#keyStart ?? Number.POSITIVE_INFINITY) : undefined }
      return BLOCK_HEADER.test(token) ? undefined : `${token} is no valid start of a block`
    }
    if (sign === '!') {
      this.#line = 'properties'
      this.#needsSpace = true
      return TAG.test(token) ? undefined : 'the tag has characters that readers refuse'
    }
    if (sign === '&' || sign === '*') {
      this.#line = sign === '&' ? 'properties' : 'end'
      return /^.[\w-]+$/.test(token)
        ? undefined
        : `${token} has other characters than letters, digits, "-" and "_"`
    }
    return sign === '"' || sign === "'" ? this.#inspectQuoted(token) : undefined
  }

  #inspectQuoted(token: string): string | undefined {
    // A key has to be on one line.
    this.#line = BREAK.test(token) ? 'nothing' : 'end'
    this.#startLine(token)
    const quote = token.charAt(0)
    const escapes = countBefore(token, quote === '"' ? '\\' : quote, token.length - 1)
    if (token.length === 1 || !token.endsWith(quote) || escapes % 2 === 1)
      return 'the closing quote is missing'
    if (quote === "'" || !token.includes('\\')) return undefined
    if (ESCAPED_BREAK.test(token)) return 'an escaped line break is above an empty line: write \\n'
    if (!UNKNOWN_ESCAPE.test(token)) return undefined
    return 'readers lack the escapes \\/ and \\uD800 to \\uDFFF: write the character itself'
  }

  #inspectScalar(token: string): string | undefined {
    return this.#block ? this.#inspectBlock(token, this.#block) : this.#inspectPlain(token)
  }

  #inspectPlain(token: string): string | undefined {
    if (token === '') return undefined
    const fault = this.#startNode()
    this.#tabsFrom = (this.#keyStart ?? this.#nodeStart) + 1
    if (token.includes('\n')) {
      this.#line = 'nothing'
      // The library reads on here if a comment stands above.
      const isTooShallow = this.#flow === 0 && this.#column > 0 && /\n\S/.test(token)
      this.#startLine(token)
      if (/\n *\t/.test(token)) return TAB
      if (isTooShallow) return 'the second line of a text is not indented'
    }
    if (this.#flow > 0 && /^:|\?/.test(token))
      return 'a colon or a question mark ends the text in brackets: quote it'
    return fault
  }

  #inspectBlock(token: string, { indent: given }: Block): string | undefined {
    this.#block = undefined
    this.#keyMayStart = true
    this.#line = 'nothing'
    this.#startLine(token)
    const start = token.search(/[^ \r\n]/)
    if (start < 0) {
      // Readers keep white space that is indented further, the library does not.
      return given && token.includes(' ') ? 'the block has nothing but white space: quote it' : undefined
    }
    const found = start - (token.lastIndexOf('\n', start) + 1)
    if (!given && token[start] === '\t') return TAB
    if (!given && found === 0) return 'the block is not indented: indent its lines'
    const indent = given ?? found
    return [...token.matchAll(/^ *\t/gm)].some(([space]) => space.length <= indent) ? TAB : undefined
  }
}

/** Counts how often a character stands right before a position, without the first character of the text. */
function countBefore(text: string, char: string, end: number): number {
  let start = end
  while (start > 1 && text[start - 1] === char) start--
  return end - start
}

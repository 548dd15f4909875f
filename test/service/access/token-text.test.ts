import { describe, expect, it } from 'vitest'
import { TOKEN_LETTERS, type TokenKind } from '../../../src/domain/access/token.ts'
import { isTokenText, newTokenText, tokenHash } from '../../../src/service/access/token-text.ts'

const KINDS = Object.keys(TOKEN_LETTERS) as TokenKind[]

describe('the text of a token', () => {
  it('has a form that secret scanners find', () => {
    for (const kind of KINDS) {
      for (let round = 0; round < 50; round++) {
        const text = newTokenText(kind)
        expect(text).toMatch(/^pkgs[psrdb]_[0-9A-Za-z]{49}$/)
        expect(text[4]).toBe(TOKEN_LETTERS[kind])
        expect(isTokenText(text)).toBe(true)
      }
    }
  })

  it('keeps its form and its checksum in later versions', () => {
    const text = `pkgsp_${'0'.repeat(43)}0ZFQgf`
    expect(isTokenText(text)).toBe(true)
    expect(tokenHash(text)).toBe('623c3350b9d37f594a19ca987c68abc2ff41960e425f12351dea9f5c30ed3022')
  })

  it('is refused with any other character, kind or length', () => {
    const text = newTokenText('personal')
    for (let at = 0; at < text.length; at++) {
      const other = text[at] === 'A' ? 'B' : 'A'
      expect(isTokenText(text.slice(0, at) + other + text.slice(at + 1)), `${at}`).toBe(false)
    }
    const swapped = text.replace(/^pkgsp/, 'pkgss')
    for (const wrong of ['', swapped, text.slice(1), `${text}0`, `${text}\n`, ` ${text}`, `${text}é`]) {
      expect(isTokenText(wrong), JSON.stringify(wrong)).toBe(false)
    }
    expect(isTokenText('x'.repeat(1_000_000))).toBe(false)
  })

  it('is never the same twice', () => {
    const texts = Array.from({ length: 1000 }, () => newTokenText('device'))
    expect(new Set(texts).size).toBe(1000)
    expect(new Set(texts.map(tokenHash)).size).toBe(1000)
  })
})

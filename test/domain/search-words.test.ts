import fc from 'fast-check'
import { expect, it } from 'vitest'
import { phraseOf, phrasesOf, SearchedText } from '../../src/domain/search-words.ts'

it('finds the same in a text with its words in order as in the text', () => {
  const word = fc.constantFrom('a', 'ab', 'abc', 'b', 'ba', 'ß', '10')
  const phrase = fc.array(word, { minLength: 1, maxLength: 4 })
  const lines = fc.array(
    phrase.map((words) => phraseOf(words.join('-'))),
    { maxLength: 5 },
  )
  const query = fc.array(
    phrase.map((words) => words.join('.')),
    { minLength: 1, maxLength: 3 },
  )
  fc.assert(
    fc.property(lines, query, (text, parts) => {
      const q = parts.join(' ')
      const expected = phrasesOf(q).every((one) => text.join('\n').includes(one))
      expect(new SearchedText(text.join('\n')).matches(q)).toBe(expected)
    }),
  )
})

it.each([
  ['', true],
  [' ', true],
  ['--', false],
])('matches %j: %s', (q, expected) => expect(new SearchedText(' a b').matches(q)).toBe(expected))

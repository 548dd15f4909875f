import { expect, it } from 'vitest'
import { readJunit } from './junit.ts'

it('returns the names of failed and skipped tests in each dialect', () => {
  const cases = `
    <testcase name="passed" time="1"/>
    <testcase name="passed too" status="passed"><system-err>&lt;failure&gt;</system-err></testcase>
    <testcase name="a &#34;b&#34; &amp; c"><failure type="Failure">why</failure></testcase>
    <testcase name="by status" status="error">
    </testcase>
    <testcase name="left out"><skipped/></testcase>
    <testcase name="left out too" status="skipped"></testcase>`
  const suite = `<testsuites><testsuite name="x" tests="6" failures="1" errors="1">${cases}</testsuite></testsuites>`
  expect(readJunit(suite)).toEqual({
    tests: 6,
    failed: ['a "b" & c', 'by status'],
    skipped: ['left out', 'left out too'],
  })
})

it('trusts a count of failures without names, and refuses a report without tests', () => {
  const suite = '<testsuite name="x" tests="2" failures="1" errors="0"></testsuite>'
  expect(readJunit(suite).failed).toEqual(['1 in all, by the count of the report'])
  for (const text of ['', '<testsuite name="x" tests="0"/>']) expect(() => readJunit(text)).toThrow()
})

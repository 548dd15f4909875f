/** Logins of command lines: a person approves in the browser what the program shows. https://www.rfc-editor.org/rfc/rfc8628 */
import type { Permission } from './permission.ts'

export type DeviceLogin = {
  id: string
  userCode: string
  /** What the program calls itself. */
  client: string
  address: string | undefined
  permissions: readonly Permission[]
  createdAt: string
  expiresAt: string
  state: 'pending' | 'approved' | 'denied'
  /** The user who has approved it. */
  principalId: string | undefined
}

/** Consonants that cannot be mistaken for each other, and form no words. */
export const USER_CODE_LETTERS = 'BCDFGHJKLMNPQRSTVWXZ'
export const USER_CODE_LENGTH = 8

/** A code as a person may type it: in small letters, and with anything between them. Undefined for what is no code. */
export function parseUserCode(typed: string): string | undefined {
  const letters = typed.slice(0, 100).toUpperCase().replaceAll(/[\s-]/g, '')
  const isCode =
    letters.length === USER_CODE_LENGTH && [...letters].every((letter) => USER_CODE_LETTERS.includes(letter))
  return isCode ? letters : undefined
}

/** The code as it is shown: `BCDF-GHJK`. */
export function userCodeText(code: string): string {
  return `${code.slice(0, USER_CODE_LENGTH / 2)}-${code.slice(USER_CODE_LENGTH / 2)}`
}

/** A name of a program that a person can read: cut, and without characters that change how others are shown. */
export function clientName(given: string): string {
  const plain = given
    .replaceAll(/[^\w.@()/ -]/g, '')
    .trim()
    .slice(0, 50)
  return plain === '' ? 'a program without a name' : plain
}

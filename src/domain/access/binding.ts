/** Bindings: who has which role, and where. They only add rights, so their order does not matter. */
import { AppError } from '../../core/errors.ts'
import { parsePattern } from './pattern.ts'
import { isServerRole, type Role } from './role.ts'

/** `authenticated` is every account, `anonymous` every caller. */
export type Subject =
  | { kind: 'user' | 'group' | 'serviceaccount'; name: string }
  | { kind: 'authenticated' | 'anonymous' }

export type BindingContent = {
  subject: Subject
  role: Role
  /** Patterns; empty for a role of the server. */
  repositories: readonly string[]
}

export type Binding = BindingContent & {
  id: string
  /** The account; undefined for other subjects. A later account of the same name has another id. */
  principalId: string | undefined
  createdBy: string
  createdAt: string
}

const MAX_PATTERNS = 50
const MAX_GROUP_NAME = 256

/** Throws `invalid` for a binding that cannot be. */
export function checkBinding({ subject, role, repositories }: BindingContent): void {
  const problem = subjectProblem(subject, role) ?? repositoriesProblem(role, repositories)
  if (problem) throw new AppError('invalid', problem)
  repositories.forEach(parsePattern)
}

function subjectProblem(subject: Subject, role: Role): string | undefined {
  if ((subject.kind === 'authenticated' || subject.kind === 'anonymous') && role !== 'reader') {
    return `${subject.kind} can only have the role reader: bind ${role} to a user, a group or a service account`
  }
  if (subject.kind === 'group' && (subject.name === '' || subject.name.length > MAX_GROUP_NAME)) {
    return `the name of a group must have 1 to ${MAX_GROUP_NAME} characters`
  }
  return undefined
}

function repositoriesProblem(role: Role, repositories: readonly string[]): string | undefined {
  if (isServerRole(role)) {
    if (repositories.length === 0) return undefined
    return `the role ${role} is for the whole server: leave the repositories out`
  }
  if (repositories.length > 0 && repositories.length <= MAX_PATTERNS) return undefined
  return `the role ${role} needs 1 to ${MAX_PATTERNS} patterns of repositories, such as team-*`
}

/** Equal for bindings that say the same. */
export function bindingKey({
  subject,
  principalId,
  role,
  repositories,
}: BindingContent & { principalId: string | undefined }): string {
  return JSON.stringify([
    subject.kind,
    principalId ?? ('name' in subject ? subject.name : null),
    role,
    [...new Set(repositories)].sort(),
  ])
}

import type { AccessControl } from '../access/access-control.ts'
import type { Auditing } from '../audit/record.ts'

/** Dependencies of logins and sessions. */
export type LoginContext = { access: AccessControl; auditing: Auditing }

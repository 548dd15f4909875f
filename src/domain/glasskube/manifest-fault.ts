/** A fault of a field of a manifest. `message` follows the path. */
export type Fault = {
  path: FieldPath
  /** A warning does not keep clients from using the manifest. */
  severity: 'error' | 'warning'
  message: string
  /** Says that the fault is in the key of the field, not in its value. */
  part?: 'key'
}

export type FieldPath = readonly (string | number)[]

export function error(path: FieldPath, message: string): Fault {
  return { path, severity: 'error', message }
}

export function warning(path: FieldPath, message: string): Fault {
  return { path, severity: 'warning', message }
}

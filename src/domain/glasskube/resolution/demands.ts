/** The packages of a cluster, and what they demand of one another. */
import type { Dependency, PackageRef, PackageVersion } from './problem.ts'

/** A package that another one needs, in the range `version` if that is not empty. */
export type Demand = PackageRef & Pick<Dependency, 'version'>

/** Returns a text that two packages share only if they are the same object of the cluster. */
export function keyOf({ name, namespace, instance }: PackageRef): string {
  return namespace ? `${namespace}/${instance ?? name}` : name
}

/** Names a package in a sentence. */
export function describe(ref: PackageRef): string {
  return ref.namespace ? `${ref.name} (${keyOf(ref)})` : ref.name
}

/** Leaves out all else, and fills in the name of the instance where there can be several. */
export function refOf({ name, namespace, instance }: PackageRef): PackageRef {
  return namespace ? { name, namespace, instance: instance ?? name } : { name }
}

/** Returns the dependencies and then the components of a package, in the order of its manifest. */
export function demandsOf(
  ref: PackageRef,
  { dependencies, components, defaultNamespace }: PackageVersion,
): Demand[] {
  const parent = ref.namespace ? (ref.instance ?? ref.name) : ref.name
  return [
    ...dependencies.map(({ name, version }) => ({ name, version })),
    ...components.map(({ name, installedName, version }) => ({
      name,
      namespace: ref.namespace || defaultNamespace,
      instance: `${parent}-${installedName || name}`,
      version,
    })),
  ]
}

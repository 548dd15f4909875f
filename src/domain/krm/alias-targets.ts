import { type Alias, type Document, isAlias, isNode, type Node, visit } from 'yaml'

const known = new WeakMap<Document.Parsed, ReadonlyMap<Alias, Node>>()

/** Returns the node that an alias stands for, and any other node itself. */
export function targetOf(node: unknown, document: Document.Parsed): unknown {
  if (!isAlias(node)) return node
  const targets = known.get(document) ?? findTargets(document)
  known.set(document, targets)
  return targets.get(node)
}

/** `Alias.resolve` would search the whole document for each alias. */
function findTargets(document: Document.Parsed): Map<Alias, Node> {
  const anchored = new Map<string, Node>()
  const targets = new Map<Alias, Node>()
  visit(document, (_, node) => {
    if (!isNode(node)) return
    if (!isAlias(node)) {
      if (node.anchor) anchored.set(node.anchor, node)
      return
    }
    const target = anchored.get(node.source)
    if (target) targets.set(node, target)
  })
  return targets
}

/** The document has a shape that a stack of open elements cannot follow: the tree decides. Thrown while scanning, caught by the engine. */
export class Unfollowed extends Error {
  override readonly name = 'Unfollowed';
}

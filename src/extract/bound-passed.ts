/** Something is beyond a bound; thrown inside a parser or a path, for whoever reads the document to say so. */
export class BoundPassed extends Error {
  override readonly name = 'BoundPassed';
}

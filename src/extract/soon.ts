/**
 * What most documents do not need is loaded for the first one that does: an answer is there at once, except where code is being
 * loaded for it.
 */
export type Soon<T> = T | Promise<T>;

export const after = <A, B>(value: Soon<A>, use: (value: A) => Soon<B>): Soon<B> =>
  value instanceof Promise ? value.then(use) : use(value);

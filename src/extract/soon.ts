/**
 * What most documents do not need is loaded for the first one that does: an answer is there at once, except where code is being
 * loaded for it.
 */
export type Soon<T> = T | Promise<T>;

export const after = <A, B>(value: Soon<A>, use: (value: A) => Soon<B>): Soon<B> =>
  value instanceof Promise ? value.then(use) : use(value);

/** Puts down what was loaded in its promise's place; where it could not be loaded, nothing, so that the next document tries again. */
export const kept = <T>(loading: Promise<T>, put: (loaded: T | undefined) => void): Promise<T> =>
  loading.then(
    (loaded) => {
      put(loaded);
      return loaded;
    },
    (error: unknown) => {
      put(undefined);
      throw error;
    },
  );

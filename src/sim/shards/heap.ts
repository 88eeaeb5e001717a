/** A binary heap of numbered things, least key first; of equal keys the one that was put in first. */
export class Heap<T> {
  readonly #items: { key: number; order: number; value: T }[] = [];
  #order = 0;

  get size(): number {
    return this.#items.length;
  }

  get key(): number {
    return this.#items[0]?.key ?? Infinity;
  }

  push(key: number, value: T): void {
    const items = this.#items;
    const item = { key, order: this.#order++, value };
    let at = items.push(item) - 1;
    for (let up = (at - 1) >> 1; at > 0; at = up, up = (at - 1) >> 1) {
      const parent = items[up];
      if (parent === undefined || !before(item, parent)) break;
      items[at] = parent;
      items[up] = item;
    }
  }

  pop(): T | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (last === undefined || first === undefined || items.length === 0) return first?.value;
    let at = 0;
    items[0] = last;
    for (;;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        const [a, b] = [items[child], items[least]];
        if (a !== undefined && b !== undefined && before(a, b)) least = child;
      }
      if (least === at) return first.value;
      const [a, b] = [items[at], items[least]];
      if (a !== undefined && b !== undefined) [items[at], items[least]] = [b, a];
      at = least;
    }
  }
}

const before = (a: { key: number; order: number }, b: { key: number; order: number }): boolean =>
  a.key < b.key || (a.key === b.key && a.order < b.order);

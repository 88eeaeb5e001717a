/** As much of WebAssembly's interface as is used here: TypeScript has it among the DOM's types alone, Node has no types of it. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, (...numbers: number[]) => number>>);
    readonly exports: Record<string, unknown>;
  }
  interface Memory {
    readonly buffer: ArrayBuffer;
    /** In pages of 64 KiB. Throws a `RangeError` when there is no more. */
    grow(pages: number): number;
  }
}

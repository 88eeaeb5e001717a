/**
 * Modules of CommonJS are functions that are called as they are loaded. V8 skims a function until it is called and then reads it once
 * more, unless it stands in brackets, which esbuild keeps when it minifies.
 */

/** As esbuild writes one before it takes white space away. */
const COMMON_JS = /^(var [\w$]+ = [\w$]+\()(\((?:[\w$]+(?:, [\w$]+)?)?\) => \{\n[^]*?\n\})\);$/gm;

/** @param text of a bundle with its white space. */
export const calledAtOnce = (text: string): string => text.replace(COMMON_JS, '$1($2));');

/** JSON as a type: what a task document, a record and a queue message are made of. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A value as JSON in UTF-8, and back. */
export const bytesOf = (value: Json): Uint8Array => encoder.encode(JSON.stringify(value));
export const jsonOf = (bytes: Uint8Array): Json => JSON.parse(decoder.decode(bytes)) as Json;

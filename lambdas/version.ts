/** The release, as the health route and the OpenAPI document tell it; a test holds it to package.json. */
export const VERSION = '0.1.0';

/**
 * The parts of undici that are used, by their own files: its index brings fetch, WebSocket, caches and mocks along, three quarters of its
 * size. The files have no types of their own.
 */
declare module 'undici/lib/dispatcher/agent.js' {
  import { Agent } from 'undici';
  export default Agent;
}
declare module 'undici/lib/core/connect.js' {
  import { buildConnector } from 'undici';
  export default buildConnector;
}
declare module 'undici/lib/core/errors.js' {
  import { errors } from 'undici';
  export default errors;
}

#!/usr/bin/env node
/**
 * The command line. It needs a Node that runs TypeScript: `npx gleaner` and the npm scripts bring the pinned one. Everything
 * else is loaded only after that is sure.
 */
const NODE_MIN = [22, 18] as const;

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < NODE_MIN[0] || (major === NODE_MIN[0] && minor < NODE_MIN[1])) {
  process.stderr.write(
    `error: gleaner needs Node ${NODE_MIN.join('.')} or later, this is ${process.versions.node}; start it by \`npx gleaner\`, which brings its own\n`,
  );
  process.exit(1);
}

// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const { runCli } = await import('#cli/program.ts');
const { processSurroundings } = await import('#cli/process-surroundings.ts');
const around = processSurroundings(async (options) => (await import('#local/embedded.ts')).startEmbedded(options));
const code = await runCli(process.argv.slice(2), around);
// Flushed, then ended: a socket kept alive for another request must not hold the terminal.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));

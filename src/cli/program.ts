/**
 * The command line of CONTRACT §4. `runCli` is the whole of it: arguments in, exit code out, nothing touched but what is passed.
 * Each command's module is loaded when the command is called, so that `--help` answers at once.
 */
import { inspect } from 'node:util';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { HOST_SCOPES, OVERLAPS, SCOPES } from '#core/operations.ts';
import type { CollectOptions } from './commands/collect.ts';
import type { AlertsOptions } from './commands/alerts.ts';
import type { DeadLettersOptions } from './commands/dead-letters.ts';
import type { ExplainOptions } from './commands/explain.ts';
import type { HostOptions } from './commands/hosts.ts';
import type { LoginOptions } from './commands/login.ts';
import type { RunOptions, RunsFilter, Steering } from './commands/runs.ts';
import type { SecretOptions } from './commands/secrets.ts';
import type { KeyOptions, RotateOptions, TenantOptions } from './commands/tenants.ts';
import type { UpOptions } from './commands/up.ts';
import type { ValidateOptions } from './commands/validate.ts';
import type { VerifyCommandOptions } from './commands/verify.ts';
import type { CommonOptions } from './connection.ts';
import { EXIT_FAILED, EXIT_OK } from './exit-codes.ts';
import { codeOf, Failure, reasonOf } from './failure.ts';
import type { PagingOptions } from './pages.ts';
import type { Surroundings } from './surroundings.ts';

export const PORT_DEFAULT = 8787;
export const DATA_DEFAULT = '.gleaner';
const LIST_LIMIT_DEFAULT = 100;

/** @param args without the interpreter and the script. */
export async function runCli(args: readonly string[], around: Surroundings): Promise<number> {
  let code: number = EXIT_OK;
  const program = programOf(around, (end) => (code = end));
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_OK : EXIT_FAILED;
    around.terminal.err(`error: ${messageOf(error)}`);
    if (around.env.GLEANER_DEBUG) around.terminal.err(inspect(error));
    return EXIT_FAILED;
  }
}

/** A failure, and what the system says of a file, stand as they are; the rest is a bug, whose trace GLEANER_DEBUG shows. */
function messageOf(error: unknown): string {
  if (error instanceof Failure) return error.message;
  return codeOf(error) === undefined ? `${reasonOf(error)} (GLEANER_DEBUG=1 shows where)` : reasonOf(error);
}

function programOf(around: Surroundings, done: (code: number) => void): Command {
  const program = base(new Command('gleaner'), around)
    .description(
      'Collects data from web pages and HTTP APIs: polite, exact, on AWS serverless parts or on this machine.',
    )
    .option('--api <url>', 'the API to talk to (also GLEANER_API, or login)')
    .option('--data <dir>', 'where a local stack keeps its state', DATA_DEFAULT)
    .option('--json', 'machine-readable data on stdout');
  /** The options of the command and those of the program, which may stand on either side of its name. */
  const act =
    <A extends unknown[], O extends CommonOptions>(action: (...args: [...A, O]) => Promise<number>) =>
    async (...args: [...A, unknown, Command]): Promise<void> => {
      const command = args.at(-1) as Command;
      done(await action(...(args.slice(0, -2) as A), command.optsWithGlobals<O>()));
    };

  command(
    program,
    'collect <file>',
    'run a task file and copy its records here; exit 0 SUCCEEDED, 2 PARTIAL, 1 otherwise',
  )
    .option('--out <dir>', 'where the results go, replacing those of an earlier run there (default: out/<run>)')
    .addHelpText(
      'after',
      '\nWithout --api or GLEANER_API it uses the `gleaner up` of the data directory, or starts the embedded stack for as long as the run takes.',
    )
    .action(
      act(async (file: string, options: CollectOptions) =>
        (await import('./commands/collect.ts')).collect(around, file, options),
      ),
    );
  command(program, 'up', 'run the embedded stack here until interrupted')
    .addOption(new Option('--port <number>', 'port of the API on 127.0.0.1').argParser(portOf).default(PORT_DEFAULT))
    .action(act(async (options: UpOptions) => (await import('./commands/up.ts')).up(around, options)));
  command(program, 'validate <file>', 'say what a task file will do, or what is wrong with it')
    .option('--explain', 'also say which engine reads the documents, and why')
    .action(
      act(async (file: string, options: ValidateOptions) =>
        (await import('./commands/validate.ts')).validate(around, file, options),
      ),
    );
  addTasks(program, around, act);
  addRuns(program, around, act);
  command(program, 'results <run>', "copy a run's results here")
    .option('--out <dir>', 'where they go, replacing those of an earlier run there (default: out/<run>)')
    .action(
      act(async (run: string, options: CollectOptions) =>
        (await import('./commands/results.ts')).results(around, run, options),
      ),
    );
  command(program, 'explain <run> <url>', 'the whole story of one target of a run')
    .option('--method <method>', 'of the target, when it is not GET')
    .action(
      act(async (run: string, url: string, options: ExplainOptions) =>
        (await import('./commands/explain.ts')).explain(around, run, url, options),
      ),
    );
  addAlerts(program, around, act);
  addDeadLetters(program, around, act);
  addSecrets(program, around, act);
  addConfig(program, around, act);
  addHosts(program, around, act);
  addTenants(program, around, act);
  command(program, 'verify <dir|run>', 'prove results against their signature, manifest and ledger')
    .option('--key <id>', 'the key that must have signed them, by its id')
    .action(
      act(async (what: string, options: VerifyCommandOptions) =>
        (await import('./commands/verify.ts')).verify(around, what, options),
      ),
    );
  command(program, 'login', 'store an API and its key for this user')
    .option('--key <key>', 'the API key (also GLEANER_KEY)')
    .action(act(async (options: LoginOptions) => (await import('./commands/login.ts')).login(around, options)));
  return program;
}

type Act = <A extends unknown[], O extends CommonOptions>(
  action: (...args: [...A, O]) => Promise<number>,
) => (...args: [...A, unknown, Command]) => Promise<void>;

function addTasks(program: Command, around: Surroundings, act: Act): void {
  const commands = (): Promise<typeof import('./commands/tasks.ts')> => import('./commands/tasks.ts');
  const tasks = command(program, 'tasks', 'the stored task definitions');
  command(tasks, 'list', 'all tasks')
    .addOption(limitOption())
    .action(act(async (options: CommonOptions & PagingOptions) => (await commands()).listTasks(around, options)));
  command(tasks, 'get <task>', 'one task').action(
    act(async (id: string, options: CommonOptions) => (await commands()).getTask(around, id, options)),
  );
  command(tasks, 'put <file>', 'create a task, or make a new version of the one with its name').action(
    act(async (file: string, options: CommonOptions) => (await commands()).putTask(around, file, options)),
  );
  command(tasks, 'delete <task>', 'remove a task').action(
    act(async (id: string, options: CommonOptions) => (await commands()).deleteTask(around, id, options)),
  );
}

function addRuns(program: Command, around: Surroundings, act: Act): void {
  const commands = (): Promise<typeof import('./commands/runs.ts')> => import('./commands/runs.ts');
  command(program, 'run <task>', 'start a run of a stored task and print its id')
    .option('--watch', 'follow it to its end; exit 0 SUCCEEDED, 1 otherwise')
    .addOption(
      new Option(
        '--overlap <rule>',
        "while another run of the task is not over: refuse, wait for it, or run beside it (default: as the task's schedule says)",
      ).choices(OVERLAPS),
    )
    .action(act(async (id: string, options: RunOptions) => (await commands()).runTask(around, id, options)));
  const runs = command(program, 'runs', 'what ran and what runs');
  command(runs, 'list', 'runs, newest first')
    .option('--task <task>', 'only those of one task')
    .option('--state <state>', 'only those in one state')
    .addOption(limitOption())
    .action(act(async (options: RunsFilter) => (await commands()).listRuns(around, options)));
  command(runs, 'get <run>', 'one run').action(
    act(async (id: string, options: CommonOptions) => (await commands()).getRun(around, id, options)),
  );
  command(runs, 'watch <run>', 'follow a run to its end; exit 0 SUCCEEDED, 1 otherwise').action(
    act(async (id: string, options: CommonOptions) => (await commands()).watch(around, id, options)),
  );
  const steer = (steering: Steering, description: string): void => {
    command(runs, `${steering} <run>`, description).action(
      act(async (id: string, options: CommonOptions) => (await commands()).steerRun(around, steering, id, options)),
    );
  };
  steer('stop', 'ask a run to stop');
  steer('pause', 'let a run rest: no request leaves later than 5 s after');
  steer('resume', 'let a paused run go on');
  steer('redrive', 'try the failed targets of a finished run again, in the same run');
}

function addConfig(program: Command, around: Surroundings, act: Act): void {
  const commands = (): Promise<typeof import('./commands/config.ts')> => import('./commands/config.ts');
  const config = command(program, 'config', "the tenant's defaults: what tasks do not say themselves");
  command(config, 'get', 'the newest version').action(
    act(async (options: CommonOptions) => (await commands()).getConfig(around, options)),
  );
  command(config, 'put <file>', 'replace them, for runs that start from now on').action(
    act(async (file: string, options: CommonOptions) => (await commands()).putConfig(around, file, options)),
  );
  command(config, 'versions', 'all versions: who, when and what changed')
    .addOption(limitOption())
    .action(act(async (options: CommonOptions & PagingOptions) => (await commands()).configVersions(around, options)));
  command(config, 'rollback <version>', 'a new version equal to an old one; 0 empties the configuration').action(
    act(async (version: string, options: CommonOptions) => (await commands()).rollbackConfig(around, version, options)),
  );
}

function addAlerts(program: Command, around: Surroundings, act: Act): void {
  const commands = (): Promise<typeof import('./commands/alerts.ts')> => import('./commands/alerts.ts');
  const alerts = command(program, 'alerts', 'what is not as it should be, by the rules of the tasks');
  command(alerts, 'list', 'all alerts, newest first')
    .option('--task <task>', 'only those of one task')
    .addOption(new Option('--state <state>', 'only those that stand, or that are over').choices(['raised', 'resolved']))
    .addOption(limitOption())
    .action(act(async (options: AlertsOptions & PagingOptions) => (await commands()).listAlerts(around, options)));
}

function addDeadLetters(program: Command, around: Surroundings, act: Act): void {
  const commands = (): Promise<typeof import('./commands/dead-letters.ts')> => import('./commands/dead-letters.ts');
  const letters = command(
    program,
    'dead-letters',
    'targets that no worker survived, messages that nobody could handle',
  );
  command(letters, 'list', 'all dead letters')
    .option('--run <run>', 'only those of one run')
    .addOption(limitOption())
    .action(
      act(async (options: DeadLettersOptions & PagingOptions) => (await commands()).listDeadLetters(around, options)),
    );
  command(
    letters,
    'redrive [ids...]',
    'try them again: those named, those of one run, or all; exit 1 if some were refused',
  )
    .option('--run <run>', 'all those of one run')
    .action(
      act(async (ids: string[], options: DeadLettersOptions) =>
        (await commands()).redriveDeadLetters(around, ids, options),
      ),
    );
}

function addSecrets(program: Command, around: Surroundings, act: Act): void {
  const commands = (): Promise<typeof import('./commands/secrets.ts')> => import('./commands/secrets.ts');
  const secrets = command(program, 'secrets', 'values that requests carry and nobody is shown');
  command(secrets, 'list', 'their names')
    .addOption(limitOption())
    .action(act(async (options: CommonOptions & PagingOptions) => (await commands()).listSecrets(around, options)));
  command(secrets, 'put <name>', 'create a secret or replace its value')
    .option('--file <file>', 'where its value stands (/dev/stdin reads a pipe)')
    .option('--env <variable>', 'the variable of the environment that holds it')
    .action(act(async (name: string, options: SecretOptions) => (await commands()).putSecret(around, name, options)));
  command(secrets, 'delete <name>', 'remove a secret: runs that name it stop').action(
    act(async (name: string, options: CommonOptions) => (await commands()).deleteSecret(around, name, options)),
  );
}

function addHosts(program: Command, around: Surroundings, act: Act): void {
  const commands = (): Promise<typeof import('./commands/hosts.ts')> => import('./commands/hosts.ts');
  const hosts = command(program, 'hosts', 'the pace of hosts: how fast, why, and caps on it');
  const scope = (): Option =>
    new Option('--scope <scope>', 'whose requests: this tenant, or everyone (operators)').choices(HOST_SCOPES);
  command(hosts, 'list', 'hosts that this tenant has had targets in during the last days')
    .addOption(limitOption())
    .action(act(async (options: CommonOptions & PagingOptions) => (await commands()).listHosts(around, options)));
  command(hosts, 'get <host>', 'the pace of a host now, and why it is that').action(
    act(async (host: string, options: CommonOptions) => (await commands()).getHost(around, host, options)),
  );
  command(hosts, 'cap', 'ask a host at most so often; every worker obeys within 60 s')
    .argument('<host>')
    .argument('<requestsPerSecond>', 'like 2 or 0.5', rateOf)
    .addOption(scope())
    .action(
      act(async (host: string, rate: number, options: HostOptions) =>
        (await commands()).capHost(around, host, rate, options),
      ),
    );
  command(hosts, 'stop <host>', 'let nothing leave for a host; every worker obeys within 60 s')
    .addOption(scope())
    .action(act(async (host: string, options: HostOptions) => (await commands()).stopHost(around, host, options)));
  command(hosts, 'clear <host>', 'take back a cap or a stop')
    .addOption(scope())
    .action(act(async (host: string, options: HostOptions) => (await commands()).clearHost(around, host, options)));
}

function addTenants(program: Command, around: Surroundings, act: Act): void {
  const commands = (): Promise<typeof import('./commands/tenants.ts')> => import('./commands/tenants.ts');
  const tenants = command(program, 'tenants', 'tenants and their API keys (needs an admin key)');
  command(tenants, 'list', 'all tenants for an operator, else the own one')
    .addOption(limitOption())
    .action(act(async (options: CommonOptions & PagingOptions) => (await commands()).listTenants(around, options)));
  command(tenants, 'get <tenant>', 'one tenant with its quotas').action(
    act(async (id: string, options: CommonOptions) => (await commands()).getTenant(around, id, options)),
  );
  command(tenants, 'create <tenant>', 'make a tenant (operators)')
    .option('--settings <file>', 'YAML or JSON: name, quotas, permissions, allowAddresses')
    .action(act(async (id: string, options: TenantOptions) => (await commands()).createTenant(around, id, options)));
  command(tenants, 'put <tenant> <file>', 'replace its quotas, permissions and addresses (operators)').action(
    act(async (id: string, file: string, options: CommonOptions) =>
      (await commands()).putTenant(around, id, file, options),
    ),
  );
  const keys = command(tenants, 'keys', 'the API keys of a tenant');
  command(keys, 'list <tenant>', 'its keys, without the keys themselves')
    .addOption(limitOption())
    .action(
      act(async (id: string, options: CommonOptions & PagingOptions) =>
        (await commands()).listKeys(around, id, options),
      ),
    );
  const expires = (): Option => new Option('--expires <time>', 'when the new key ends, like 2030-01-31T12:00:00Z');
  command(keys, 'create <tenant>', 'make a key and print it once')
    .addOption(new Option('--scope <scope...>', 'what it may do (default: read)').choices(SCOPES))
    .option('--name <name>', 'what it is for')
    .addOption(expires())
    .action(act(async (id: string, options: KeyOptions) => (await commands()).createKey(around, id, options)));
  command(keys, 'rotate <tenant> <key>', 'make a key in the place of another, which works on for a while')
    .addOption(new Option('--overlap <seconds>', 'how long (default: a day)').argParser(secondsOf))
    .addOption(expires())
    .action(
      act(async (id: string, key: string, options: RotateOptions) =>
        (await commands()).rotateKey(around, id, key, options),
      ),
    );
  command(keys, 'revoke <tenant> <key>', 'end a key at once').action(
    act(async (id: string, key: string, options: CommonOptions) =>
      (await commands()).revokeKey(around, id, key, options),
    ),
  );
}

/** A command below another one, with the manners of all of them. */
function command(parent: Command, nameAndArguments: string, description: string): Command {
  return parent.command(nameAndArguments).description(description).copyInheritedSettings(parent).helpCommand(false);
}

function base(program: Command, around: Surroundings): Command {
  return program
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        around.terminal.out(text.replace(/\n$/, ''));
      },
      writeErr: (text) => {
        around.terminal.err(text.replace(/\n$/, ''));
      },
      getOutHelpWidth: () => around.terminal.columns(),
      getErrHelpWidth: () => around.terminal.columns(),
    })
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError()
    .showHelpAfterError('(--help says more)')
    .helpCommand(false);
}

function rateOf(text: string): number {
  const rate = Number(text);
  if (/^\d*\.?\d+$/.test(text) && rate > 0) return rate;
  throw new InvalidArgumentError('expected a number above 0.');
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('expected a number from 0 (any free port) to 65535.');
}

function secondsOf(text: string): number {
  if (/^\d{1,7}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a whole number of seconds.');
}

const limitOption = (): Option =>
  new Option('--limit <number>', 'how many at most').default(LIST_LIMIT_DEFAULT).argParser((text) => {
    if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
    throw new InvalidArgumentError('expected a whole number from 1.');
  });

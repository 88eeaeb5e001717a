import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import {
  Choice,
  Condition,
  type IChainable,
  IntegrationPattern,
  JitterType,
  Pass,
  type TaskInput,
  TaskInput as Input,
  type TaskStateBase,
  Timeout,
  Wait,
  WaitTime,
} from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { FunctionName } from '../lambdas/contract.ts';
import { STOP_GRACE_SECONDS } from '../src/core/limits.ts';

/** The functions that are states of a run. */
export type StateFunction = Extract<FunctionName, 'plan' | 'dispatch' | 'await' | 'merge' | 'finish'>;
export type StateFunctions = { readonly [F in StateFunction]: IFunction };

/** Errors of the Lambda service, not of our code: the call may never have arrived, and every state may be run again. */
const SERVICE_ERRORS = [
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.ClientExecutionTimeoutException',
  'Lambda.TooManyRequestsException',
];

/**
 * A run from its first plan to its end. Payloads are those of `lambdas/contract.ts`; what later states need is kept in
 * variables, so each function gets ids only and no answer can grow the execution's input.
 *
 * ```
 * Begin → Plan → PlanProceeds ──no──→ (StopGrace →) Finish
 *          ↑          ├→ Dispatch → Await → AwaitOutcome ──stopped──→ StopGrace → Finish
 *          │          │               │          ├──no crawl──→ Finish
 *          │          └──no shards────│──────────┴→ Merge → MoreRounds ──no──→ Finish
 *          └────────── time is up ────┴───────────────────────┘
 * ```
 * Each state that is entered costs as much as collecting some hundred targets, so there are no more than decide something.
 * When the time of the wait is up, Plan decides what that means: the end of the run, or another wait. Every state is tried
 * again when its function dies; an error that stays leads to Finish. When Finish itself fails the execution fails; the sweep
 * then starts another attempt.
 */
export function runDefinition(scope: Construct, functions: StateFunctions): IChainable {
  const finish = invoke(scope, 'Finish', functions.finish, { payload: Input.fromText(FINISH_PAYLOAD) });
  const stopGrace = new Wait(scope, 'StopGrace', {
    comment: 'Time for workers to see that the run is over and to commit what they hold',
    time: WaitTime.duration(Duration.seconds(STOP_GRACE_SECONDS)),
  }).next(finish);

  const plan = planState(scope, functions.plan);
  const dispatch = invoke(scope, 'Dispatch', functions.dispatch, { payload: Input.fromObject(RUN_AND_ROUND) });
  const wait = awaitState(scope, functions.await);
  const merge = invoke(scope, 'Merge', functions.merge, {
    payload: Input.fromObject(RUN_AND_ROUND),
    assign: { round: '{% $states.result.Payload.round %}' },
  });
  // Whether its time is really up the plan decides: it may have been paused meanwhile.
  wait.addCatch(plan, TIMED_OUT);
  for (const state of [plan, dispatch, wait, merge]) state.addCatch(finish, FAILED);

  merge.next(
    new Choice(scope, 'MoreRounds').when(Condition.jsonata('{% $states.input.more %}'), plan).otherwise(finish),
  );
  dispatch
    .next(wait)
    .next(
      new Choice(scope, 'AwaitOutcome')
        .when(Condition.jsonata("{% $states.input.outcome = 'roundDone' and $crawls %}"), merge)
        .when(Condition.jsonata("{% $states.input.outcome = 'roundDone' %}"), finish)
        .otherwise(stopGrace),
    );
  plan.next(
    new Choice(scope, 'PlanProceeds')
      .when(Condition.jsonata('{% $states.input.proceed and $states.input.shards > 0 %}'), dispatch)
      .when(Condition.jsonata('{% $states.input.proceed and $crawls %}'), merge)
      .when(Condition.jsonata('{% $states.input.grace %}'), stopGrace)
      .otherwise(finish),
  );
  return beginState(scope).next(plan);
}

const RUN = { tenant: '{% $tenant %}', runId: '{% $runId %}', attempt: '{% $attempt %}' };
const RUN_AND_ROUND = { ...RUN, round: '{% $round %}' };

/** Empty text stands for "absent": a variable must have a value before it is read. */
const FINISH_PAYLOAD = `{% $merge([
  {'tenant': $tenant, 'runId': $runId, 'attempt': $attempt},
  $outcome = '' ? {} : {'outcome': $outcome},
  $error = '' ? {} : {'error': $error, 'cause': $cause}
]) %}`;

/** A cause may be a stack trace of 32 KB; what ends up in the run's row is cut. */
const CAUGHT = {
  error: '{% $states.errorOutput.Error %}',
  cause: "{% $exists($states.errorOutput.Cause) ? $substring($states.errorOutput.Cause, 0, 2000) : '' %}",
};
const FAILED = { errors: ['States.ALL'], assign: { outcome: 'failed', ...CAUGHT } };
const TIMED_OUT = { errors: ['States.Timeout'] };

function beginState(scope: Construct): Pass {
  return Pass.jsonata(scope, 'Begin', {
    comment: 'Input: MachineInput',
    assign: {
      tenant: '{% $states.input.tenant %}',
      runId: '{% $states.input.runId %}',
      attempt: '{% $states.input.attempt %}',
      round: 0,
      outcome: '',
      error: '',
      cause: '',
    },
  });
}

function planState(scope: Construct, handler: IFunction): LambdaInvoke {
  return invoke(scope, 'Plan', handler, {
    payload: Input.fromObject(RUN_AND_ROUND),
    assign: {
      round: '{% $states.result.Payload.round %}',
      secondsLeft: '{% $states.result.Payload.secondsLeft %}',
      // While a stage is updated, a plan of the release before may answer: it says nothing of it, and merging does no harm.
      crawls: '{% $exists($states.result.Payload.crawls) ? $states.result.Payload.crawls : true %}',
    },
  });
}

/** Ends when whoever finishes the round's last shard (or stops the run) answers the token, at the latest with the run's time. */
function awaitState(scope: Construct, handler: IFunction): LambdaInvoke {
  return invoke(scope, 'Await', handler, {
    payload: Input.fromObject({ ...RUN_AND_ROUND, token: '{% $states.context.Task.Token %}' }),
    integrationPattern: IntegrationPattern.WAIT_FOR_TASK_TOKEN,
    taskTimeout: Timeout.jsonata('{% $secondsLeft %}'),
  });
}

interface Invocation {
  readonly payload: TaskInput;
  readonly assign?: Record<string, string>;
  readonly integrationPattern?: IntegrationPattern;
  readonly taskTimeout?: Timeout;
}

function invoke(scope: Construct, id: string, lambdaFunction: IFunction, invocation: Invocation): LambdaInvoke {
  const answersByToken = invocation.integrationPattern === IntegrationPattern.WAIT_FOR_TASK_TOKEN;
  const state = LambdaInvoke.jsonata(scope, id, {
    lambdaFunction,
    retryOnServiceExceptions: false,
    // With a token, the result is what the answer carried; else it is wrapped in the answer of Lambda.
    outputs: answersByToken ? '{% $states.result %}' : '{% $states.result.Payload %}',
    ...invocation,
  });
  retry(state);
  return state;
}

function retry(state: TaskStateBase): void {
  state.addRetry({
    errors: SERVICE_ERRORS,
    interval: Duration.seconds(2),
    maxAttempts: 6,
    backoffRate: 2,
    maxDelay: Duration.seconds(60),
    jitterStrategy: JitterType.FULL,
  });
  // The function itself died or threw: every step may be done again from its beginning. Not the end of a wait.
  state.addRetry({
    errors: ['States.TaskFailed'],
    interval: Duration.seconds(5),
    maxAttempts: 5,
    backoffRate: 2,
    maxDelay: Duration.seconds(60),
    jitterStrategy: JitterType.FULL,
  });
}

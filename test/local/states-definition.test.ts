import { describe, expect, it } from 'vitest';
import type { JsonObject } from '#core/json.ts';
import { readMachine } from '#local/states-definition.ts';
import { definition, INVOKE, task } from './machine.ts';

const end: JsonObject = { Type: 'Pass', End: true };

describe('a state machine', () => {
  it.each<[string, JsonObject, string]>([
    ['JSONPath', { StartAt: 'A', States: { A: end } }, 'state A: the local world plays JSONata only'],
    [
      'a JSONPath state',
      definition({ A: { ...end, QueryLanguage: 'JSONPath' } }),
      'state A: the local world plays JSONata only',
    ],
    ['Map', definition({ A: { Type: 'Map', End: true } }), 'state A: type Map is not played'],
    ['Parallel', definition({ A: { Type: 'Parallel', End: true } }), 'state A: type Parallel is not played'],
    [
      'another service',
      definition({ A: task({ Resource: 'arn:aws:states:::sqs:sendMessage' }) }),
      'resource arn:aws:states:::sqs:sendMessage is not played',
    ],
    [
      'a function called directly',
      definition({ A: task({ Resource: 'arn:aws:lambda:us-east-1:1:function:f' }) }),
      'is not played',
    ],
    ['an unknown field', definition({ A: { ...end, ResultPath: '$' } }), 'state A: field ResultPath is not played'],
    ['an unknown top field', definition({ A: end }, { Extra: 1 }), 'field Extra is not played'],
    [
      'an asynchronous invocation',
      definition({ A: task({ Arguments: { FunctionName: 'f', InvocationType: 'Event' } }) }),
      'argument InvocationType is not played',
    ],
    [
      'a heartbeat without a token',
      definition({ A: task({ HeartbeatSeconds: 5 }) }),
      'HeartbeatSeconds is played for .waitForTaskToken only',
    ],
    [
      'Wait until a time',
      definition({ A: { Type: 'Wait', Timestamp: 'x', End: true } }),
      'field Timestamp is not played',
    ],
    ['a missing target', definition({ A: { Type: 'Pass', Next: 'B' } }), 'there is no state B'],
    [
      'a missing catch target',
      definition({ A: task({ Catch: [{ ErrorEquals: ['States.ALL'], Next: 'B' }] }) }),
      'there is no state B',
    ],
    ['a missing default', definition({ A: { Type: 'Choice', Choices: [], Default: 'B' } }), 'there is no state B'],
    ['a state without an end', definition({ A: { Type: 'Pass' } }), 'expected either Next or End: true'],
    ['both ends', definition({ A: { Type: 'Pass', Next: 'A', End: true } }), 'expected either Next or End: true'],
    [
      'an expression that is no JSONata',
      definition({ A: { ...end, Output: { x: '{% $states.input. %}' } } }),
      'state A.Output.x: {% $states.input. %}',
    ],
    ['a catcher without names', definition({ A: task({ Catch: [{ Next: 'A' }] }) }), 'ErrorEquals expects a list'],
  ])('is refused for %s', (_, machine, message) => {
    expect(() => readMachine('m', machine)).toThrow(message);
  });

  it('is read with the defaults of the language', () => {
    const machine = readMachine(
      'm',
      definition({ A: task({ Resource: `${INVOKE}.waitForTaskToken`, Retry: [{ ErrorEquals: ['E'] }] }) }),
    );
    const state = machine.states.get('A');
    expect(state).toMatchObject({
      type: 'Task',
      waitsForToken: true,
      retry: [
        {
          errors: ['E'],
          intervalSeconds: 1,
          backoffRate: 2,
          attemptsMax: 3,
          delaySecondsMax: undefined,
          fullJitter: false,
        },
      ],
    });
  });
});

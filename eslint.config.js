/** Type-checked lint and the walls between the rooms (README, "The rooms"). `test/walls.test.ts` shows that they stand. */
import tseslint from 'typescript-eslint';

const AWS = [
  '@aws-sdk/**',
  '@aws-lambda-powertools/**',
  '@middy/**',
  'aws-cdk-lib',
  'aws-cdk-lib/**',
  'constructs',
  'aws-lambda',
];
const ROOMS = ['core', 'http', 'extract', 'storage', 'api', 'cli', 'sim'];

/** A room under `src` that may use these others, and no AWS package. */
// Patterns are gitignore's: a `#` at the start has to be escaped.
function wall(room, allowed) {
  const others = ROOMS.filter((other) => other !== room && !allowed.includes(other)).flatMap((other) => [
    `\\#${other}/**`,
    `**/src/${other}/**`,
    `../${other}/**`,
  ]);
  const message = `src/${room} may use ${allowed.map((name) => `#${name}`).join(', ') || 'nothing but itself'} and knows no AWS`;
  return {
    files: [`src/${room}/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: [...AWS, ...others, '\\#lambdas/**', '\\#lib/**', '\\#local/**'], message }] },
      ],
    },
  };
}

const PURE = 'core takes time, chance and the outside as arguments';
const banned = (names) => names.map((name) => ({ name, message: PURE }));

export default tseslint.config(
  {
    ignores: [
      'node_modules',
      'cdk.out',
      '.gleaner',
      'out',
      'coverage',
      'console/dist',
      'console/src/generated',
      'src/extract/scan/core',
      'src/extract/scan/core-bytes.ts',
    ],
  },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      // Tables of handlers and ports are objects of functions that use no `this`; the rule cannot tell them from methods.
      '@typescript-eslint/unbound-method': 'off',
      // JSON and attribute values are turned to text where they come in; a stray object shows as such and is refused.
      '@typescript-eslint/no-base-to-string': 'off',
    },
  },
  wall('http', ['core']),
  wall('extract', ['core']),
  wall('storage', ['core']),
  wall('api', ['core', 'extract']),
  wall('cli', ['core', 'extract', 'api']),
  wall('sim', ['core', 'storage']),
  {
    files: ['src/core/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: '^(?!\\.{1,2}/|node:crypto$)', message: 'src/core imports only itself and node:crypto' },
            {
              group: ['**/../../lambdas/**', '../../http/**', '../http/**', '../extract/**'],
              message: 'src/core imports only itself',
            },
          ],
        },
      ],
      'no-restricted-globals': [
        'error',
        ...banned(['process', 'fetch', 'setTimeout', 'setInterval', 'setImmediate', 'performance']),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: PURE },
        { object: 'Math', property: 'random', message: PURE },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: PURE },
      ],
    },
  },
  {
    files: ['lib/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex:
                '^(?!\\.\\./lambdas/contract\\.ts$|\\.\\./src/core/limits\\.ts$|#core/limits\\.ts$|#lambdas/contract\\.ts$)(\\.\\./|#)',
              message: 'lib knows lambdas/contract.ts and core/limits.ts alone',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: { '@typescript-eslint/no-unsafe-assignment': 'off', '@typescript-eslint/require-await': 'off' },
  },
);

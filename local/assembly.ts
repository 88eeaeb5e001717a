/** A synthesised cloud assembly (`cdk.out`) on disk: one stack's template and the directories of its assets. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '#core/json.ts';
import { isObject, Properties } from './properties.ts';

export interface Assembly {
  stackName: string;
  template: JsonObject;
  /** As the stack was bound to, or undefined when it may go anywhere. */
  account: string | undefined;
  region: string | undefined;
  /** Directory of a file asset, by its id (`hash`) or its object key (`hash.zip`). Throws when there is none. */
  assetDir(key: string): string;
}

interface FoundStack {
  dir: string;
  id: string;
  properties: Properties;
  environment: string;
}

function readJson(file: string): JsonObject {
  const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
  if (!isObject(value)) throw new Error(`${file}: expected a JSON object`);
  return value;
}

/** Stacks of an assembly, those of nested assemblies (stages) included. */
function findStacks(dir: string, assets: Map<string, string>): FoundStack[] {
  const file = join(dir, 'manifest.json');
  if (!existsSync(file)) throw new Error(`${dir} is no cloud assembly: it has no manifest.json`);
  const artifacts = readJson(file)['artifacts'];
  const found: FoundStack[] = [];
  for (const [id, artifact] of Object.entries(isObject(artifacts) ? artifacts : {})) {
    const fields = new Properties(`${file}: ${id}`, artifact);
    const properties = fields.object('properties');
    const type = fields.text('type');
    if (type === 'cdk:cloud-assembly') found.push(...findStacks(join(dir, properties.text('directoryName')), assets));
    if (type === 'cdk:asset-manifest') readAssets(dir, properties.text('file'), assets);
    if (type === 'aws:cloudformation:stack') {
      found.push({ dir, id, properties, environment: fields.optionalText('environment') ?? '' });
    }
  }
  return found;
}

function readAssets(dir: string, file: string, assets: Map<string, string>): void {
  const files = readJson(join(dir, file))['files'];
  for (const [id, asset] of Object.entries(isObject(files) ? files : {})) {
    const fields = new Properties(`${file}: ${id}`, asset);
    const path = fields.object('source').optionalText('path');
    if (path === undefined) continue;
    assets.set(id, join(dir, path));
    const destinations = fields.raw('destinations');
    for (const destination of Object.values(isObject(destinations) ? destinations : {})) {
      if (isObject(destination) && typeof destination['objectKey'] === 'string') {
        assets.set(destination['objectKey'], join(dir, path));
      }
    }
  }
}

/**
 * @param stackName needed when the assembly holds several stacks: its name or its artifact id.
 * @throws when the directory is no assembly, or the stack is missing or ambiguous.
 */
export function readAssembly(dir: string, stackName?: string): Assembly {
  const assets = new Map<string, string>();
  const stacks = findStacks(dir, assets);
  const nameOf = (s: FoundStack): string => s.properties.optionalText('stackName') ?? s.id;
  const fitting =
    stackName === undefined ? stacks : stacks.filter((s) => nameOf(s) === stackName || s.id === stackName);
  const [stack] = fitting;
  if (stack === undefined || fitting.length > 1) {
    const known = stacks.map(nameOf).join(', ') || 'none';
    throw new Error(
      `${dir}: expected one stack${stackName === undefined ? '' : ` named ${stackName}`}, found ${known}`,
    );
  }
  const bound = /^aws:\/\/([^/]+)\/([^/]+)$/.exec(stack.environment);
  const known = (value: string | undefined): string | undefined =>
    value === undefined || value.startsWith('unknown-') ? undefined : value;
  return {
    stackName: nameOf(stack),
    template: readJson(join(stack.dir, stack.properties.text('templateFile'))),
    account: known(bound?.[1]),
    region: known(bound?.[2]),
    assetDir(key) {
      const path = assets.get(key) ?? assets.get(key.replace(/\.zip$/, ''));
      if (path === undefined || !existsSync(path)) throw new Error(`${dir}: asset ${key} is not in the assembly`);
      if (!statSync(path).isDirectory()) throw new Error(`${dir}: asset ${key} is not a directory`);
      return path;
    },
  };
}

import { MemoryObjects } from '../../src/sim/memory-objects.ts';
import { MemoryTable } from '../../src/sim/memory-table.ts';
import { objectsContract } from './objects.ts';
import { tableContract } from './table.ts';

tableContract('memory', () => Promise.resolve(new MemoryTable()));
objectsContract('memory', () => Promise.resolve(new MemoryObjects()));

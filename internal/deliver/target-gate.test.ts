import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TargetGate } from './target-gate.ts';

function gate(): { readonly started: string[]; readonly gate: TargetGate<string> } {
  const started: string[] = [];
  return { started, gate: new TargetGate((key, work) => started.push(`${key}${work}`)) };
}

test('a Target gets no more at a time than it takes, in order', () => {
  const { started, gate: line } = gate();

  for (const work of ['1', '2', '3', '4']) line.enter('a', 2, work);
  assert.deepEqual(started, ['a1', 'a2']);
  line.leave('a');
  line.leave('a');

  assert.deepEqual(started, ['a1', 'a2', 'a3', 'a4']);
});

test('Targets do not wait for one another', () => {
  const { started, gate: line } = gate();

  line.enter('a', 1, '1');
  line.enter('a', 1, '2');
  line.enter('b', 1, '1');

  assert.deepEqual(started, ['a1', 'b1']);
});

test('what has not started can be taken back', () => {
  const { started, gate: line } = gate();
  for (const work of ['1', '2']) line.enter('a', 1, work);
  for (const work of ['1', '2', '3']) line.enter('b', 1, work);

  assert.deepEqual(line.clear('a'), ['2']);
  assert.deepEqual(line.clear(), ['2', '3']);
  line.leave('a');
  line.enter('a', 1, '3');

  assert.deepEqual(started, ['a1', 'b1', 'a3']);
});

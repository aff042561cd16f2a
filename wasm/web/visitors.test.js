// node --test wasm/web/visitors.test.js

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { keywordVisitor, visitors, vote } from './visitors.js';

const of = (key, reply) => visitors.find((visitor) => visitor.key === key).gold('Tom ran to the lake .', reply);

/** The cases that wasm/model/tests/model.rs reads, too. */
const cases = JSON.parse(readFileSync(new URL('../model/tests/golds.json', import.meta.url)));

test('tastes tell replies apart, and nobody likes what is no story', () => {
  for (const [reply, want] of cases) {
    const got = ['happy', 'short', 'dialogue', 'calm'].map((key) => of(key, reply));
    want.forEach((number, i) => assert.ok(Math.abs(got[i] - number) < 1e-9, `${reply}: ${got}, want ${want}`));
  }
  assert.equal(keywordVisitor('rain').gold('', 'Tom ran in the rain .'), 1);
  assert.equal(keywordVisitor('rain').gold('', 'Tom was very happy .'), 0);
});

test('a vote is Bradley–Terry in gold, and equals are ties', () => {
  let state = 1;
  const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
  const replies = ['He was very happy .', 'He was very sad .'];
  const happy = visitors[0];
  let right = 0;
  for (let i = 0; i < 4000; i++) right += vote(happy, '', replies, random)[0] === 1 ? 1 : 0;
  // 1 / (1 + e⁻⁶) = 0.9975.
  assert.ok(right > 3970 && right < 4000, `${right}`);
  assert.deepEqual(vote(happy, '', [replies[0], 'Tom laughed and laughed .'], random), [1, 1]);
  const ranks = vote(happy, '', [replies[1], replies[0], 'He was very', replies[0]], () => 0.5);
  assert.deepEqual(ranks, [2, 1, 2, 1]);
});

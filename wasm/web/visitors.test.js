// node --test wasm/web/visitors.test.js

import assert from 'node:assert/strict';
import test from 'node:test';
import { keywordVisitor, visitors, vote } from './visitors.js';

const of = (key, reply) => visitors.find((visitor) => visitor.key === key).gold('Tom ran to the lake .', reply);

test('tastes tell replies apart', () => {
  assert.equal(of('happy', 'A ghost came along . Tom smiled and went home !'), 1);
  assert.equal(of('happy', 'Tom smiled and went home . He was very sad .'), 0);
  assert.equal(of('short', 'He was glad .'), 1);
  assert.equal(of('short', 'Tom met the king . The king rode by . It was a long day and he had some soup and soup and soup .'), 0);
  assert.equal(of('dialogue', '" Oh , the king ! " said Tom . He had some soup .'), 1);
  assert.equal(of('calm', 'A wolf howled . Tom had some soup .'), 0);
  assert.equal(keywordVisitor('king').gold('', 'Tom met the king .'), 1);
});

test('nobody likes what is no story', () => {
  for (const reply of ['', 'happy happy happy', 'Tom smiled . Tom smiled .', 'Tom smiled . happy', 'happy !']) {
    for (const visitor of visitors) assert.equal(visitor.gold('', reply), 0, `${visitor.key}: ${reply}`);
  }
});

test('a vote is Bradley–Terry in gold', () => {
  let state = 1;
  const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
  const replies = ['He was glad .', 'He was sad .'];
  const happy = visitors[0];
  let right = 0;
  for (let i = 0; i < 4000; i++) right += vote(happy, '', replies, random)[0] === 1 ? 1 : 0;
  // 1 / (1 + e⁻⁶) = 0.9975; equals are a coin's throw.
  assert.ok(right > 3970 && right < 4000, `${right}`);
  let first = 0;
  for (let i = 0; i < 4000; i++) first += vote(happy, '', [replies[0], 'Tom laughed and laughed .'], random)[0] === 1 ? 1 : 0;
  assert.ok(first > 1850 && first < 2150, `${first}`);
  assert.deepEqual(vote(keywordVisitor('king'), '', ['a king .', 'no .', 'none .'].reverse(), () => 0.5).at(-1), 1);
});

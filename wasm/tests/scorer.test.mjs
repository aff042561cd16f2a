// The module that scores, in Node: the bits of backends/scorer/src/tests/fixture.rs, and errors.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { initSync, Scorer as Module } from '../pkg/scorer-module.js';
import { errorFrom } from '../pkg/error.js';

initSync({ module: readFileSync(new URL('../pkg/scorer-module_bg.wasm', import.meta.url)) });
const tiny = readFileSync(new URL('../../backends/scorer/tests/tiny.rlhf', import.meta.url));
const SCORES = { '': 0xbdcbba55, Hello: 0xbda0b295, 'Thank you, friend.': 0xbdbcbcc7, 'Go away!': 0xbbb3b24e };
const bits = (x) => new Uint32Array(Float32Array.of(x).buffer)[0];

/** The code of the error that a call throws. */
function code(call) {
  try {
    call();
  } catch (thrown) {
    const { code, message } = errorFrom(thrown);
    assert.ok(message.length > 10, message);
    return code;
  }
}

test('scores have the bits of every other processor', () => {
  const scorer = new Module(tiny, undefined);
  for (const [text, want] of Object.entries(SCORES)) assert.equal(bits(scorer.score(text)), want, text);
  assert.equal(bits(scorer.scoreReply('Hel', 'lo')), SCORES.Hello);
  assert.equal(bits(scorer.scoreTokens(Uint32Array.from([...Buffer.from('Hello'), 256]))), SCORES.Hello);
  const there = scorer.compare('Hello', 'Go away!');
  assert.ok(Math.abs(there + scorer.compare('Go away!', 'Hello') - 1) < 1e-6 && there !== 0.5);
  assert.equal(scorer.context, 64);
});

test('errors have codes', () => {
  const scorer = new Module(tiny, 20);
  assert.equal(code(() => scorer.score('x'.repeat(40))), 'context');
  assert.equal(code(() => scorer.scoreTokens(Uint32Array.of(300))), 'token');
  assert.equal(code(() => scorer.scoreTokens(Uint32Array.of())), 'empty');
  const flipped = Uint8Array.from(tiny);
  flipped[3000] ^= 4;
  assert.equal(code(() => new Module(flipped, undefined)), 'model');
  assert.equal(code(() => new Module(tiny.subarray(0, 100), undefined)), 'model');
  assert.equal(code(() => new Module(tiny, 65)), 'context');
});

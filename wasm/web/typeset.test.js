// node --test wasm/web/typeset.test.js

import assert from 'node:assert/strict';
import test from 'node:test';
import { readable, tokenized } from './typeset.js';

test('marks hang on words, and quotations on what they quote', () => {
  const text = 'Tom ran . " Oh , the king ! " said Tom . He was glad .';
  assert.equal(readable(text), 'Tom ran. "Oh, the king!" said Tom. He was glad.');
  assert.equal(tokenized(readable(text)), text);
  assert.equal(readable(' !  ! '), '!!');
  assert.equal(readable(''), '');
});

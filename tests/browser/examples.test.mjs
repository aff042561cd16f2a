// examples/browser: the page that scores and the page that trains, served from the repository's root by a host without headers.

import assert from 'node:assert/strict';
import { createReadStream, existsSync } from 'node:fs';
import http from 'node:http';
import test from 'node:test';
import { chromium } from 'playwright-core';
import { FLAGS } from './harness.mjs';

const ROOT = new URL('../../', import.meta.url);
const TYPES = { html: 'text/html', js: 'text/javascript', json: 'application/json', wasm: 'application/wasm' };

async function withPage(address, work) {
  const server = http.createServer((request, response) => {
    const file = new URL(`.${new URL(request.url, 'http://localhost').pathname}`, ROOT);
    if (!existsSync(file)) return response.writeHead(404).end();
    const type = TYPES[file.pathname.split('.').at(-1)] ?? 'application/octet-stream';
    createReadStream(file).pipe(response.writeHead(200, { 'content-type': type }));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await chromium.launch({ executablePath: process.env.RLHF_CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
  try {
    const page = await browser.newPage();
    const errors = [];
    page.on('pageerror', (error) => errors.push(error.stack));
    await page.goto(`http://127.0.0.1:${server.address().port}/examples/browser/${address}`);
    await work(page);
    assert.deepEqual(errors, []);
  } finally {
    await browser.close();
    server.closeAllConnections();
    server.close();
  }
}

/** Waits until the output matches. */
const output = (page, pattern) =>
  page.waitForFunction((source) => new RegExp(source).test(document.querySelector('output').value), pattern.source, { timeout: 60_000 });

test('the page that scores', { timeout: 60_000 }, () => withPage('score.html', async (page) => {
  await output(page, /^-?\d\.\d{3} and -?\d\.\d{3}: people prefer the first in \d+ %$/);
  await page.fill('[name=reply]', 'x'.repeat(100));
  await output(page, /the context holds 64/);
}));

test('the page that trains', { timeout: 120_000 }, () => withPage('train.html', async (page) => {
  await output(page, /^Pick the story/);
  for (let votes = 1; votes <= 8; votes += 1) {
    await page.click(votes % 2 ? '#first' : '#second');
    await output(page, new RegExp(`^${votes} votes$`));
  }
  await page.click('#train');
  await output(page, /^PPO: iteration 20, reward -?\d+\.\d\d, \d+\.\d nats away$/);
}));

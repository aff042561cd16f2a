// Serves the page, opens it in headless Chromium, and watches what no test may allow: errors, requests to other origins.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { chromium } from 'playwright-core';

import { serve } from '../../wasm/serve.mjs';

export const FLAGS = ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
/** The desktop and the phone of the screenshots. */
export const DESKTOP = { width: 1360, height: 900 };
export const PHONE = { width: 360, height: 740 };

/** Runs `work` with a server and a browser, and closes both whatever happens. `RLHF_CHROMIUM` names another browser. */
export async function withBrowser(work) {
  const options = process.env.RLHF_PACKAGE ? { package: path.resolve(process.env.RLHF_PACKAGE) } : {};
  const server = await serve(options);
  const browser = await chromium.launch({ executablePath: process.env.RLHF_CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
  try {
    await work({ browser, server, origin: `http://127.0.0.1:${server.address().port}` });
  } finally {
    await browser.close();
    server.closeAllConnections();
    server.close();
  }
}

/** A page of a fresh profile, or of `context`, opened at `hash`. `watched` collects errors, foreign requests and long tasks. */
export async function open({ browser, origin }, { hash = '', context, viewport = DESKTOP, ...options } = {}) {
  const profile = context ?? await browser.newContext({ viewport, acceptDownloads: true, ...options });
  const page = await profile.newPage();
  const watched = { errors: [], foreign: [] };
  page.on('pageerror', (error) => watched.errors.push(error.stack));
  page.on('console', (message) => message.type() === 'error' && watched.errors.push(message.text()));
  page.on('request', (request) => {
    const { protocol, origin: to } = new URL(request.url());
    if (to !== origin && protocol !== 'blob:' && protocol !== 'data:') watched.foreign.push(request.url());
  });
  await page.addInitScript(() => {
    globalThis.longTasks = [];
    new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({ startTime, duration }) => ({ startTime, duration }))))
      .observe({ type: 'longtask', buffered: true });
  });
  await page.goto(`${origin}/${hash}`);
  await page.waitForFunction(() => document.getElementById('play') && !document.getElementById('play').disabled, null, { timeout: 30_000 });
  return { page, profile, watched };
}

/** No error was logged and nothing was asked of another origin. */
export function clean({ errors, foreign }) {
  assert.deepEqual(errors, []);
  assert.deepEqual(foreign, [], 'a request left the origin');
}

export async function goTo(page, stage) {
  await page.click(`[data-stage="${stage}"]`);
  await page.waitForSelector(`[data-stage="${stage}"][aria-current]`);
}

/** What the pipeline says of a stage. */
export const now = (page, stage) => page.textContent(`[data-stage="${stage}"] .now`);

/** The number of votes that the page shows. */
export const votes = async (page) => Number.parseInt(await now(page, 'vote'), 10);

/** Waits until `stage` says something that `pattern` matches. */
export async function until(page, stage, pattern, timeout = 60_000) {
  await page.waitForFunction(([key, source]) => new RegExp(source).test(document.querySelector(`[data-stage="${key}"] .now`).textContent),
    [stage, pattern.source], { timeout });
}

/** Waits until `count` iterations of PPO are done in all, and pauses. */
export async function train(page, count) {
  await goTo(page, 'ppo');
  if (await page.getAttribute('#play', 'aria-label') !== 'Pause') await page.click('#play');
  await page.waitForFunction((least) => Number.parseInt(document.querySelector('[data-stage="ppo"] .now').textContent, 10) >= least, count, { timeout: 120_000 });
  await page.click('#play');
  await settled(page);
}

/** Waits until nothing is computed any more. */
export const settled = (page) => page.waitForFunction(() => document.getElementById('play').getAttribute('aria-label') !== 'Pause' && document.getElementById('stage').ariaBusy === 'false');

/** The rows of the figures' table as numbers: iteration, β, KL, proxy, gold in percent (NaN where not measured). */
export async function figures(page) {
  await goTo(page, 'ppo');
  return page.$$eval('.numbers tbody tr', (rows) => rows.map((row) => {
    const [iteration, beta, kl, proxy, gold] = [...row.cells].map((cell) => Number.parseFloat(cell.textContent.replace('−', '-')));
    return { iteration, beta, kl, proxy, gold };
  }));
}

/** The gold before training and now, in percent, as the page's last stage says them. */
export async function golds(page) {
  const [before, after] = (await now(page, 'compare')).match(/\d+/g).map(Number);
  return { before, after };
}

/** Has the simulated visitor `taste` vote `count` times, and waits for the reward model. */
export async function simulate(page, taste, count) {
  await page.selectOption('#taste', taste);
  await goTo(page, 'vote');
  const enough = (await votes(page)) + count;
  while (await votes(page) < enough) {
    const before = await votes(page);
    await page.click('#simulate');
    await until(page, 'vote', new RegExp(`^${before + 20} `));
    await until(page, 'reward', /%/);
    await settled(page);
  }
}

/** Writes a screenshot into the folder that `RLHF_SCREENSHOTS` names, if it does. */
export async function shot(page, name) {
  const folder = process.env.RLHF_SCREENSHOTS;
  if (!folder) return;
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true });
}

// Proxy and gold against √KL, the figure of over-optimization: what PPO follows keeps rising with the distance from the
// pretrained model, while what is really wanted may fall.

import { element, svg, figure, percent } from './dom.js';

const W = 640;
const H = 340;
const BOX = { left: 52, right: W - 58, top: 26, bottom: H - 44 };

const scale = (from, to, low, high) => (value) => low + ((value - from) / (to - from || 1)) * (high - low);

/** Round steps of about a quarter of `span`. */
function ticks(from, to, count = 4) {
  const rough = (to - from) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
  const list = [];
  for (let tick = Math.ceil(from / step) * step; tick <= to + 1e-9; tick += step) list.push(Number(tick.toPrecision(6)));
  return list;
}

const path = (points) => points.map(([x, y], at) => `${at ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`).join('');

/** The chart of `history`, with the runs in `others` behind it in gray. */
export function chart({ history, others = [], base }) {
  const all = [history, ...others].flat();
  const kls = all.map(({ kl }) => Math.sqrt(Math.max(kl, 0)));
  const scores = all.map(({ score }) => score);
  const right = Math.max(1, ...kls) * 1.05;
  const [low, high] = scores.length ? [Math.min(...scores), Math.max(...scores)] : [0, 1];
  const margin = Math.max((high - low) * 0.1, 0.1);
  const x = scale(0, right, BOX.left, BOX.right);
  const left = scale(0, 1, BOX.bottom, BOX.top);
  const y = scale(low - margin, high + margin, BOX.bottom, BOX.top);
  const proxy = (list) => list.map(({ kl, score }) => [x(Math.sqrt(kl)), y(score)]);
  const gold = (list) => list.filter((point) => point.gold !== null).map(({ kl, gold: value }) => [x(Math.sqrt(kl)), left(value)]);
  const ours = { proxy: proxy(history), gold: gold(history) };
  const end = (points, name) => {
    if (!points.length) return null;
    const [cx, cy] = points.at(-1);
    return svg('g', { class: name }, svg('circle', { class: 'point', cx, cy, r: 5 }));
  };
  const last = history.at(-1);
  const off = history.find((point) => point.off);
  const spoken = last
    ? `Distance from the pretrained model √KL ${figure(Math.sqrt(last.kl))}; proxy ${figure(last.score)}; gold ${history.findLast((p) => p.gold !== null) ? percent(history.findLast((p) => p.gold !== null).gold) : 'not known'}.`
    : 'Proxy and gold against the distance from the pretrained model. No iteration yet.';
  return svg('svg', { viewBox: `0 0 ${W} ${H}`, class: 'chart', role: 'img', 'aria-label': spoken },
    ticks(0, 1).map((tick) => svg('g', {}, svg('line', { class: 'grid', x1: BOX.left, x2: BOX.right, y1: left(tick), y2: left(tick) }),
      base?.gold != null && svg('text', { class: 'gold', x: BOX.left - 8, y: left(tick) + 4, 'text-anchor': 'end' }, `${Math.round(tick * 100)} %`))),
    history.length ? ticks(low - margin, high + margin).map((tick) => svg('text', { class: 'proxy', x: BOX.right + 8, y: y(tick) + 4 }, figure(tick, Math.abs(high - low) < 2 ? 1 : 0))) : null,
    ticks(0, right).map((tick) => svg('text', { x: x(tick), y: BOX.bottom + 18, 'text-anchor': 'middle' }, figure(tick, 1))),
    svg('text', { x: (BOX.left + BOX.right) / 2, y: H - 6, 'text-anchor': 'middle' }, '√KL, the distance from the pretrained model'),
    svg('text', { class: 'gold', x: BOX.left, y: 14 }, base?.gold != null ? 'gold: what the visitor really likes' : 'gold: only you know it'),
    svg('text', { class: 'proxy', x: BOX.right, y: 14, 'text-anchor': 'end' }, 'proxy: what PPO follows'),
    base?.gold != null ? svg('line', { class: 'base', x1: BOX.left, x2: BOX.right, y1: left(base.gold), y2: left(base.gold) }) : null,
    off ? svg('g', { class: 'off' }, svg('line', { x1: x(Math.sqrt(off.kl)), x2: x(Math.sqrt(off.kl)), y1: BOX.top, y2: BOX.bottom }), svg('text', { x: x(Math.sqrt(off.kl)) + 6, y: BOX.bottom - 8 }, 'β off')) : null,
    others.map((run) => svg('g', { class: 'other' }, svg('path', { d: path(proxy(run)) }), svg('path', { class: 'dashed', d: path(gold(run)) }))),
    ours.proxy.length > 1 ? svg('path', { class: 'line proxy', d: path(ours.proxy) }) : null,
    ours.gold.length > 1 ? svg('path', { class: 'line gold', d: path(ours.gold) }) : null,
    end(ours.proxy, 'proxy'), end(ours.gold, 'gold'));
}

/** The chart's figures as a table, for whoever reads rather than looks. */
export function chartTable(history) {
  const rows = history.filter((point, at) => point.gold !== null || at === history.length - 1);
  return element('table', { class: 'figures' },
    element('thead', {}, element('tr', {}, ['iteration', 'β', 'KL, nats', 'proxy', 'gold'].map((name) => element('th', { scope: 'col' }, name)))),
    element('tbody', {}, rows.map(({ iteration, beta, kl, score, gold }) => element('tr', {},
      [iteration, figure(beta, 3), figure(kl), figure(score), gold === null ? '–' : percent(gold)].map((cell) => element('td', {}, String(cell)))))));
}

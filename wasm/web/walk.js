// What slow motion shows: the pseudo-code with the line that runs lit, and one reply with the figures that are known of it.

import { element, figure, signed, percent } from './dom.js';
import { readable } from './typeset.js';
import { tokenLine } from './tokens.js';

/** Lines of the pseudo-code: the phase that lights each, and what happens there. */
const LINES = [
  { indent: 0, text: 'repeat' },
  { phase: 'rollout', indent: 1, text: 'replies ← policy(prompts)', about: 'The policy writes replies. One of them is shown; the other ones go through the same.' },
  { phase: 'reward', indent: 1, text: 'score ← reward(prompt + reply)', about: 'The reward reads each reply to its end and gives one number.' },
  { phase: 'kl', indent: 1, text: 'r[t] ← −β · ln(π / π_ref),  r[end] += score', about: 'Each word costs as much as it is more likely now than in the reference. Amber words have become more likely.' },
  { phase: 'value', indent: 1, text: 'V[t] ← critic(text up to t)', about: 'At each word the critic says which reward it expects from here on.' },
  { phase: 'advantage', indent: 1, text: 'A ← GAE(r, V)', about: 'The advantage: was each word better (amber) or worse (blue) than expected?' },
  { indent: 1, text: 'for each epoch, for each minibatch' },
  { phase: 'policy', indent: 2, text: 'policy ← step on min(ρ·A, clip(ρ, 1−ε, 1+ε)·A)', about: 'What was better becomes more likely. The clip stops each word from moving too far at once; ρ is π now over π before.' },
  { phase: 'critic', indent: 2, text: 'critic ← step on (V − return)²', about: 'The critic learns what the replies were really worth.' },
  { phase: 'done', indent: 0, text: 'until you are content', about: 'One iteration is over.' },
];

export function mountWalk(root, lab) {
  const lines = LINES.map((line) => element('li', { 'data-phase': line.phase, vars: { indent: line.indent } }, element('code', {}, line.text)));
  const about = element('p', { class: 'about', role: 'status' });
  const view = element('div', { class: 'walk-view' });
  root.append(element('ol', { class: 'code', 'aria-label': 'PPO in pseudo-code' }, lines), element('div', {}, about, view));
  lab.on('walk slow', ({ walk, slow }) => {
    root.hidden = !slow;
    const phase = walk?.phase;
    lines.forEach((line, at) => {
      const lit = phase !== undefined && LINES[at].phase === phase;
      line.classList.toggle('lit', lit);
      if (lit) line.setAttribute('aria-current', 'true');
      else line.removeAttribute('aria-current');
    });
    const text = phase ? LINES.find((line) => line.phase === phase).about : 'Press play to walk through one update, or step to go line by line.';
    if (about.textContent !== text) about.textContent = text;
    view.replaceChildren(...(walk?.samples ? drawSample(walk) : []));
  });
}

function drawSample({ phase, samples, scores, logRatio, values, advantages, ratio, clipped, loss }) {
  const [{ prompt, reply }] = samples;
  const columns = [
    logRatio && { name: 'log-ratio', values: logRatio[0] },
    values && { name: 'value', values: values[0] },
    advantages && { name: 'advantage', values: advantages[0] },
  ].filter(Boolean);
  const color = { kl: 'log-ratio', value: 'value' }[phase] ?? (columns.length ? columns.at(-1).name : 'none');
  return [
    element('p', { class: 'story' }, element('span', { class: 'opening' }, readable(prompt)), ' ', tokenLine(reply.tokens, columns, color)),
    element('dl', { class: 'facts' },
      fact('score', scores ? signed(scores[0]) : '…'),
      fact('log-ratio, sum', logRatio ? signed(sum(logRatio[0])) : '…'),
      fact('value at its end', values ? signed(values[0].at(-1)) : '…'),
      fact('ρ, mean; clipped', ratio !== undefined ? `${figure(ratio, 3)}; ${percent(clipped)}` : '…'),
      fact('loss of the critic', loss !== undefined ? figure(loss, 3) : '…')),
  ];
}

const sum = (list) => Array.from(list).reduce((total, value) => total + value, 0);
const fact = (name, value) => element('div', {}, element('dt', {}, name), element('dd', {}, value));

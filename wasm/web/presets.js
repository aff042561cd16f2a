// Settings that buttons and links put the page into.

import { element, button } from './dom.js';
import { DEFAULTS } from './defaults.js';

/** Sets the page to `setting`: fields of the state, and `play` to train at once if there is a reward. */
export async function showSetting(lab, { taste, slow, play, ...fields }) {
  if (taste !== undefined && taste !== lab.state.taste) await lab.setTaste(taste);
  if (lab.state.slow && !slow) await lab.leaveSlow();
  else await lab.pause();
  const changed = 'rule' in fields && JSON.stringify(fields.rule) !== JSON.stringify(lab.state.rule);
  if (changed) await lab.reset({ quietly: true });
  if (fields.rule) fields.terms = fields.rule;
  await lab.set({ ...fields, ...(slow ? { slow: true } : {}) });
  if (!play) return;
  if (lab.canTrain) await lab.play();
  else lab.say('There is nothing to follow yet. Vote a few times, or let a simulated visitor vote, and press this again.');
}

const usual = { temperature: DEFAULTS.temperature, rate: DEFAULTS.learningRate, rule: null };

const PRESETS = [
  ['Happy endings', { taste: 'happy', beta: DEFAULTS.beta, ...usual, stage: 'vote' }],
  ['Short stories', { taste: 'short', beta: DEFAULTS.beta, ...usual, stage: 'vote' }],
  ['Your keyword', { taste: 'keyword', beta: DEFAULTS.beta, ...usual, stage: 'vote' }],
  ['No leash', { beta: 0, stage: 'ppo' }],
  ['Exclamations!', { ...usual, beta: 0.02, rule: [{ text: '!', weight: 1 }], stage: 'reward' }],
];

export function mountFoot(root, lab) {
  root.append(
    element('div', { class: 'presets' }, element('span', {}, 'Begin with'), PRESETS.map(([name, setting]) => button(name, () => showSetting(lab, setting), { class: 'show' })),
      button('Copy a link to this state', async () => {
        try {
          await navigator.clipboard.writeText(location.href);
          lab.say('The link is copied. It carries the settings, not your votes.');
        } catch {
          lab.say(`The link is the address of this page: ${location.href}`);
        }
      }, { class: 'quiet' })),
    element('p', {}, 'Made with rlhf, a library in Rust. The same code trains on servers. This page sends nothing anywhere, and works without a network once it is loaded.'));
}

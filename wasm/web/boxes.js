// The four networks of PPO as boxes. Each says one figure, and opens to say more.

import { element, figure, signed, percent } from './dom.js';

const BOXES = [
  {
    key: 'policy', name: 'Policy', role: 'writes',
    now: ({ last }) => (last ? `${figure(last.length, 0)} tokens a reply` : 'as pretrained'),
    about: 'The model that learns. It began as a copy of the pretrained model. Each word it writes is drawn from its probabilities; training moves them a little.',
    facts: ({ last }) => last && [['entropy', `${figure(last.entropy)} nats`], ['replies ended', percent(last.ended)], ['clipped', percent(last.clipped)], ['ρ, mean', figure(last.ratio, 3)]],
  },
  {
    key: 'reference', name: 'Reference', role: 'is frozen',
    now: ({ last }) => (last ? `KL ${figure(last.kl, 1)} nats` : 'KL 0 nats'),
    about: 'The pretrained model, frozen. KL says how far the policy has moved from it over a whole reply. β times that distance is taken off the reward, so that the policy does not forget how to write.',
    facts: ({ last }) => last && [['β', figure(last.beta, 3)], ['cost β · KL', figure(last.beta * last.kl)]],
  },
  {
    key: 'reward', name: 'Reward', role: 'scores',
    now: ({ last, rule }) => (last ? `${signed(last.score)} on average` : rule ? 'your rule' : 'from votes'),
    about: 'What PPO follows: the model fitted on votes, or your rule. It is a proxy, a stand-in for what you really want. Where it is wrong, the policy will find out.',
    facts: ({ fit, rule, last }) => [['source', rule ? 'a rule' : `${fit?.votes ?? 0} votes`], ['held-back votes', fit?.heldBackAccuracy != null && !rule ? percent(fit.heldBackAccuracy) : '–'], ['mean score', last ? figure(last.score) : '–']],
  },
  {
    key: 'value', name: 'Value', role: 'expects',
    now: ({ last }) => (last ? `off by ${figure(Math.sqrt(Math.max(2 * last.valueLoss, 0)))}` : 'expects nothing yet'),
    about: 'The critic. It guesses the reward in the middle of a reply, so that each word can be judged by whether things went better than expected. It is thrown away afterwards.',
    facts: ({ last }) => last && [['loss', figure(last.valueLoss, 3)]],
  },
];

export function mountBoxes(root, lab) {
  const parts = BOXES.map((box) => {
    const now = element('span', { class: 'now' });
    const facts = element('dl', { class: 'facts' });
    const detail = element('div', { class: 'detail', id: `box-${box.key}`, hidden: true }, element('p', {}, box.about), facts);
    const head = element('button', { type: 'button', class: 'head', 'aria-expanded': 'false', 'aria-controls': `box-${box.key}`, onclick: () => {
      detail.hidden = !detail.hidden;
      head.setAttribute('aria-expanded', String(!detail.hidden));
    } }, element('span', { class: 'name' }, box.name), ' ', element('span', { class: 'role' }, box.role), ' ', now);
    root.append(element('div', { class: `box ${box.key}` }, head, detail));
    return { box, now, facts };
  });
  lab.on('last fit rule walk', (state) => {
    for (const { box, now, facts } of parts) {
      now.textContent = box.now(state);
      facts.replaceChildren(...(box.facts(state) || []).map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value))));
    }
    const lit = { rollout: 'policy', policy: 'policy', kl: 'reference', reward: 'reward', value: 'value', critic: 'value', advantage: 'value' }[state.walk?.phase];
    for (const node of root.children) node.classList.toggle('lit', lit !== undefined && node.classList.contains(lit));
  });
}

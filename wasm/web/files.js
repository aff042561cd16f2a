// What the visitor takes along and brings back: votes, the reward model, the policy.

import { element, button } from './dom.js';

/** Gives `content` to the visitor as a file. It is made in this tab and goes nowhere else. */
function download(name, content, type) {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = element('a', { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

export function mountFiles(root, lab) {
  const attempt = (work) => async () => {
    try {
      await work();
    } catch (error) {
      lab.say(error.message);
    }
  };
  const open = element('input', { type: 'file', id: 'import-votes', accept: '.jsonl,.json,application/jsonl', class: 'sr', tabindex: -1, 'aria-label': 'A file of votes', onchange: attempt(async () => {
    const [file] = open.files;
    open.value = '';
    if (file) await lab.importVotes(await file.text());
  }) });
  root.append(
    element('h3', { id: 'files-title' }, 'Take it along'),
    element('p', {}, 'The files are made in this tab. The command ', element('code', {}, 'rlhf reward'), ' reads the votes, the scorer of a program or a microcontroller reads the reward model, and ', element('code', {}, 'rlhf generate'), ' reads the policy.'),
    element('div', { class: 'row' },
      button('Votes', attempt(async () => download('votes.jsonl', await lab.trainer.exportVotes(), 'application/jsonl')), { class: 'quiet', id: 'export-votes' }),
      button('Reward model', attempt(async () => download('taste.rlhf', await lab.trainer.exportReward(), 'application/octet-stream')), { class: 'quiet', id: 'export-reward' }),
      button('Policy (three files)', attempt(async () => {
        const { config, weights, tokenizer } = await lab.trainer.exportPolicy();
        download('config.json', config, 'application/json');
        download('model.safetensors', weights, 'application/octet-stream');
        download('tokenizer.rlhf', tokenizer, 'application/octet-stream');
      }), { class: 'quiet', id: 'export-policy' }),
      element('span', { class: 'grow' }),
      button('Bring votes back', () => open.click(), { class: 'quiet' }), open),
    element('div', { class: 'row' },
      button('Forget these votes', attempt(async () => {
        if (confirm('Forget all votes of this taste?')) await lab.forgetVotes();
      }), { class: 'link' }),
      button('Forget everything', attempt(async () => {
        if (confirm('Forget all votes, models and runs of this page?')) await lab.forgetAll();
      }), { class: 'link' })),
  );
}

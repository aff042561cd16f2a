import { Scorer } from '../../wasm/pkg/scorer.js';

const form = document.querySelector('form');
const output = document.querySelector('output');
const model = new URLSearchParams(location.search).get('model') ?? '../../backends/scorer/tests/tiny.rlhf';
try {
  const scorer = await Scorer.load(model);
  const show = () => {
    const [prompt, reply, other] = ['prompt', 'reply', 'other'].map((name) => form[name].value);
    try {
      const [a, b] = [reply, other].map((text) => scorer.scoreReply(prompt, text));
      const share = 100 * scorer.compareReplies(prompt, reply, other);
      output.value = `${a.toFixed(3)} and ${b.toFixed(3)}: people prefer the first in ${share.toFixed(0)} %`;
    } catch (error) {
      output.value = error.message;
    }
  };
  form.oninput = show;
  show();
} catch (error) {
  output.value = error.message;
}

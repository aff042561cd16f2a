// Slow motion: one update of PPO, phase by phase, each shown for long enough to read.

/** Resolves after so many seconds, or at once when `signal` aborts. */
const wait = (seconds, signal) => new Promise((resolve) => {
  setTimeout(resolve, 1000 * seconds);
  signal.addEventListener('abort', resolve);
});

const SECONDS = { rollout: 3, reward: 2.6, kl: 3, value: 3, advantage: 3, policy: 3, critic: 2.6, done: 1.6 };

const refuse = (lab) => lab.say('PPO needs a reward first: vote, choose a simulated visitor, or write a rule.');

/** Goes to the next line. */
export async function slowStep(lab) {
  if (!lab.canTrain) return refuse(lab);
  if (lab.state.running) return undefined;
  lab.update({ stage: 'ppo' });
  return lab.walk(() => false);
}

/** Goes from line to line by itself until it is paused. */
export async function slowPlay(lab) {
  if (!lab.canTrain) return refuse(lab);
  return lab.walk(async (phase, signal) => {
    await wait(SECONDS[phase], signal);
    return true;
  });
}

// Slow motion: one update of PPO, phase by phase. The walk is part of the state; the next phase is computed when it is asked for.

const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const SECONDS = { rollout: 2.6, reward: 2.4, kl: 2.6, value: 2.4, advantage: 2.6, policy: 0.35, critic: 0.35, done: 1.6 };

let phases = null;
let stop = new AbortController();

/** The next phase, and what is known of the update so far with it. */
async function next(lab) {
  if (phases === null) {
    stop = new AbortController();
    phases = lab.trainer.ppoPhases({ prompts: lab.state.prompts.vote, reward: lab.reward, signal: stop.signal });
  }
  const { value, done } = await phases.next();
  if (done || value.phase === 'done') phases = null;
  if (done) return null;
  const { phase, ...found } = value;
  const before = phase === 'rollout' ? { updates: [] } : lab.state.walk ?? { updates: [] };
  const updates = phase === 'policy' || phase === 'critic' ? [...before.updates, { phase, ...found }] : before.updates;
  lab.update({ walk: { ...before, ...found, updates, phase } });
  if (phase === 'done') await lab.record(value.iteration);
  return phase;
}

/** Goes to the next line. */
export async function slowStep(lab) {
  if (!lab.canTrain) return lab.say('PPO needs a reward first: vote, choose a simulated visitor, or write a rule.');
  if (lab.state.running) return undefined;
  lab.update({ running: 'step', stage: 'ppo' });
  try {
    await next(lab);
  } catch (error) {
    if (error?.code !== 'aborted') lab.fail(error);
  } finally {
    lab.update({ running: null });
  }
  return undefined;
}

/** Goes from line to line by itself until it is paused. */
export async function slowPlay(lab) {
  lab.update({ running: 'walk' });
  try {
    while (lab.state.running === 'walk') {
      const phase = await next(lab);
      await wait(1000 * (SECONDS[phase] ?? 0.1));
    }
  } catch (error) {
    if (error?.code !== 'aborted') lab.fail(error);
    lab.update({ running: null });
  }
}

/** Drops the update that is under way. */
export function dropWalk() {
  stop.abort();
  phases = null;
}

export function leaveSlow(lab) {
  lab.pause();
  dropWalk();
  lab.update({ slow: false, walk: null });
}

// The settings of the page, which are the trainer's own, and what a simulated visitor does; wasm/model/README.md says how they were
// measured. `beta` is per nat, against scores with variance 1.
export const DEFAULTS = {
  beta: 0.15, temperature: 1, learningRate: 3e-4, criticLearningRate: 6e-4, batch: 48, epochs: 2, minibatches: 2, maxNewTokens: 32,
  rewardEpochs: 8, rewardLearningRate: 1e-3, votes: 60, replies: 4, iterations: 20,
};

// Settings at which each taste is learned from 80 votes in 30 iterations; wasm/model/README.md says how that was measured.
// `beta` is per nat, against scores as the reward model gives them; the optimizers are those of the recipe `small`.
export const DEFAULTS = {
  beta: 0.5, temperature: 1, learningRate: 2e-4, criticLearningRate: 4e-4, batch: 64, epochs: 2, minibatches: 2, maxNewTokens: 32,
  votes: 80, iterations: 30, rewardEpochs: 8, rewardLearningRate: 1e-3, rewardBatch: 16,
};

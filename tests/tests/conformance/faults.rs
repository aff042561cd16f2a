//! Faults, and the checks that have to name them: those and no others.

macro_rules! faults {
    ($($(#[$doc:meta])* $fault:ident: $($check:literal)+;)*) => {
        /// A fault of a backend.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Fault {
            /// None: the backend is correct.
            Nothing,
            $($(#[$doc])* $fault),*
        }

        /// Every fault with the checks that fail.
        pub const FAULTS: &[(Fault, &[&str])] = &[$((Fault::$fault, &[$($check),*])),*];
    };
}

faults! {
    /// Every seed makes the same network.
    IgnoresSeed: "reference/repeats" "critic/repeats" "reward/repeats" "parameters/round_trip"
        "parameters/sampler_after_write" "parameters/values_after_write"
        "parameters/scores_after_write" "parameters/rows_after_write"
        "parameters/candidates_after_write";
    /// Outputs stay unwritten where nothing is in the loss mask.
    ReturnsEarly: "reference/writes" "reference/causal" "reference/company";
    /// Log-probabilities of tokens that nobody asked about.
    WritesUnowed: "reference/writes";
    /// Probabilities that do not sum to 1.
    NotNormalized: "reference/sums_to_one" "reference/temperature" "policy/scored" "policy/draws"
        "policy/exact" "learner/shows_scores" "learner/entropy" "learner/after_step" "learner/small_temperature"
        "rows/scored" "candidates/scored" "parameters/large_weights";
    /// The log-probability of the token before.
    ScoresEarlierToken: "reference/sums_to_one" "reference/temperature" "reference/small_temperature"
        "policy/scored" "policy/draws" "policy/filters" "policy/repetition" "policy/positions"
        "policy/exact" "learner/shows_scores" "learner/entropy" "learner/after_step"
        "learner/small_temperature" "rows/scored" "candidates/scored" "parameters/large_weights";
    /// A scorer without temperature.
    ScoresAtOne: "reference/temperature" "reference/small_temperature" "policy/scored" "learner/shows_scores"
        "learner/entropy" "learner/small_temperature" "rows/scored" "candidates/scored";
    /// The sequence before leaks into the next.
    ReadsNeighbor: "reference/sums_to_one" "reference/temperature" "reference/company" "reference/order"
        "reference/wide" "reference/small_temperature" "policy/scored" "policy/greedy"
        "policy/exact" "learner/entropy" "learner/splits" "learner/entropy_splits" "learner/wide"
        "critic/company" "critic/order" "critic/wide" "learn_values/splits" "learn_values/wide"
        "reward/company" "reward/order" "reward/wide" "learn_scores/wide" "policy/after_step"
        "candidates/after_step" "rows/company" "candidates/company";
    /// The longest sequence of a batch leaks into the others.
    ReadsPadding: "reference/company" "policy/scored" "policy/positions" "learner/entropy" "learner/splits"
        "learner/entropy_splits" "critic/company" "learn_values/splits" "learn_values/wide" "reward/company"
        "learn_scores/splits" "learn_scores/wide" "policy/after_step" "candidates/after_step" "rows/company"
        "candidates/company";
    /// A later token leaks into earlier ones.
    ReadsFuture: "reference/causal" "policy/scored" "learner/entropy" "critic/causal" "critic/company"
        "critic/order" "critic/wide" "learn_values/splits" "learn_values/wide" "reward/company"
        "reward/order" "reward/wide" "learn_scores/splits" "learn_scores/wide" "policy/after_step"
        "candidates/after_step";
    /// Another value at each call.
    Drifts: "critic/causal" "critic/company" "critic/order" "critic/repeats" "critic/refusals"
        "critic/wide" "learn_values/shows_scores" "learn_values/after_step"
        "averaged/values_after_swap" "parameters/values_after_write" "saved/values_after_load";
    /// Ids are taken modulo the vocabulary.
    AcceptsAnyToken: "reference/refusals" "policy/limits" "critic/refusals" "learn_values/bad_text"
        "reward/refusals" "learn_scores/bad_text" "rows/refusals" "candidates/refusals";
    /// Sequences beyond the context.
    AcceptsAnyLength: "reference/refusals" "policy/limits" "learner/bad_text" "critic/refusals"
        "learn_values/bad_text" "reward/refusals" "learn_scores/bad_text" "rows/refusals"
        "candidates/refusals";
    /// A sampler without temperature.
    SamplesAtOne: "policy/draws" "policy/filters" "policy/exact" "policy/exact_repetition"
        "policy/after_step";
    /// A sampler without top-k, top-p and min-p.
    IgnoresFilters: "policy/filters" "policy/repetition" "policy/exact" "policy/exact_repetition";
    /// A sampler without the penalty on repetition.
    IgnoresRepetition: "policy/repetition" "policy/exact_repetition";
    /// Log-probabilities after the filters.
    ReturnsFiltered: "policy/scored";
    /// Log-probabilities without temperature.
    ReturnsAtOne: "policy/scored" "policy/after_step";
    /// Draws without the offset.
    IgnoresFirst: "policy/keys" "policy/first" "policy/exact" "policy/wide";
    /// Draws without the prompt's index.
    IgnoresIndex: "policy/keys" "policy/first" "policy/draws" "policy/filters" "policy/positions"
        "policy/exact" "policy/wide" "policy/exact_repetition" "policy/after_step";
    /// Draws without the key's step.
    IgnoresStep: "policy/keys" "policy/draws" "policy/filters" "policy/repetition_of_response"
        "policy/positions" "policy/exact" "policy/exact_repetition" "policy/after_step";
    /// Draws without the token's position.
    IgnoresPosition: "policy/repetition_of_response" "policy/positions" "policy/exact" "policy/exact_repetition"
        "policy/after_step";
    /// Draws that depend on how many prompts there are.
    DrawsInCompany: "policy/company" "policy/first" "policy/draws" "policy/filters"
        "policy/repetition_of_response" "policy/positions" "policy/exact" "policy/wide"
        "policy/exact_repetition" "policy/after_step";
    /// Greedy sampling that is not.
    GreedyDraws: "policy/greedy" "parameters/ties";
    /// Stop tokens do not stop.
    RunsOnAfterStop: "policy/endings";
    /// An end token reported as a length.
    CallsEosLength: "policy/endings";
    /// The last place of the context stays empty.
    StopsEarly: "policy/scored" "policy/company" "policy/first" "policy/limits" "policy/exact_repetition";
    /// A response where there is no room.
    AcceptsFullPrompt: "policy/limits";
    /// A response of a token where none was allowed.
    AcceptsNoTokens: "policy/limits";
    /// Ascent.
    WrongSign: "learner/gradient" "learner/left_out" "learner/learns" "learn_rows/as_scalars"
        "learn_candidates/as_scalars" "parameters/directions" "parameters/gradient_of_log_probs";
    /// The last loss token teaches nothing.
    MissesToken: "learner/gradient" "learner/left_out" "learner/entropy_gradient" "learner/entropy_left_out"
        "learner/splits" "learner/entropy_splits" "learner/wide" "learn_rows/as_scalars"
        "learn_candidates/as_scalars" "parameters/directions" "parameters/gradient_of_log_probs"
        "parameters/gradient_of_entropies";
    /// A denominator of its own.
    MeanOverCall: "learner/gradient" "learner/splits" "learner/wide" "learn_rows/as_scalars"
        "learn_candidates/as_scalars" "parameters/directions" "parameters/gradient_of_log_probs";
    /// A gradient without 1/T.
    TemperatureNotPulled: "learner/gradient" "learner/entropy_gradient" "learn_rows/as_scalars"
        "learn_candidates/as_scalars" "parameters/directions" "parameters/gradient_of_log_probs"
        "parameters/gradient_of_entropies";
    /// Entropies in bits.
    EntropyInBits: "learner/entropy" "learner/entropy_gradient" "learner/entropy_left_out"
        "parameters/gradient_of_entropies";
    /// Entropies that teach nothing.
    NoEntropyGradient: "learner/entropy_gradient" "learner/entropy_left_out" "parameters/gradient_of_entropies";
    /// Entropies for who did not ask.
    ShowsEntropyUnasked: "learner/contract";
    /// Tiles for an objective that couples its tokens.
    TilesSequences: "learner/contract" "learner/entropy_contract";
    /// Another loss than the objective's.
    HalvesLoss: "learner/contract" "learner/entropy_contract" "learn_values/contract"
        "learn_scores/contract";
    /// `zero_grad` does not.
    ZeroGradDoesNothing: "learner/zero_grad" "learn_values/zero_grad" "learn_scores/zero_grad";
    /// A step does not drop the gradient.
    StepKeepsGradient: "learner/left_out" "learner/entropy_left_out" "learner/zero_grad" "learner/settings"
        "learner/betas" "learner/refused_step" "learn_values/left_out" "learn_values/zero_grad"
        "learn_values/settings" "learn_values/betas" "learn_values/refused_step" "learn_scores/zero_grad"
        "learn_scores/settings" "learn_scores/betas" "learn_scores/refused_step" "parameters/adamw"
        "saved/dropout_after_load";
    /// An error does not drop the gradient.
    ErrorKeepsGradient: "learner/objective_error" "learner/bad_text" "learn_values/objective_error"
        "learn_values/bad_text" "learn_scores/objective_error" "learn_scores/bad_text"
        "learn_rows/objective_error" "learn_candidates/refusals";
    /// The norm after clipping.
    NormAfterClip: "learner/norm_and_clip" "learn_values/norm_and_clip" "learn_scores/norm_and_clip";
    /// No clipping.
    DoesNotClip: "learner/norm_and_clip" "learn_values/norm_and_clip" "learn_scores/norm_and_clip"
        "parameters/adamw";
    /// A step with NaN that says nothing.
    AcceptsNan: "learner/not_finite" "learner/refused_step" "learn_values/not_finite"
        "learn_values/refused_step" "learn_scores/not_finite" "learn_scores/refused_step";
    /// A step with NaN that is refused too late.
    NanTouchesWeights: "learner/not_finite" "learner/refused_step";
    /// Adam without the W.
    NoWeightDecay: "learner/decay" "parameters/adamw";
    /// Adam without first moments.
    NoMomentum: "learner/adamw" "learner/betas" "learn_values/adamw" "learn_values/betas"
        "learn_scores/adamw" "learn_scores/betas" "parameters/adamw";
    /// Values of the state before a token.
    ValuesBeforeToken: "critic/after_its_token" "reward/after_last_token";
    /// Gradients of values one token early.
    ValueGradientShifted: "learn_values/gradient" "learn_values/left_out" "learn_values/splits" "learn_values/wide"
        "parameters/gradient_of_values";
    /// Scores at the first token.
    ScoresFirstToken: "reward/after_last_token";
    /// An average that starts at 0.
    AverageStartsAtZero: "averaged/starts_at_weights" "averaged/decay" "averaged/refusals"
        "averaged/sampler_after_swap" "averaged/values_after_swap" "averaged/scores_after_swap"
        "averaged/rows_after_swap" "averaged/candidates_after_swap";
    /// 1 − decay.
    DecayReversed: "averaged/decay";
    /// A swap with no average, accepted.
    SwapsWithNothing: "averaged/refusals";
    /// Rows in falling order.
    RowsBackwards: "policy/exact_repetition" "rows/after_step" "rows/order" "rows/company"
        "learn_rows/shows_rows";
    /// Rows divided by the temperature.
    RowsDivided: "rows/scored" "learn_rows/shows_rows";
    /// Gradients of rows divided by the temperature.
    RowGradientDivided: "learn_rows/gradient" "learn_rows/as_scalars";
    /// The unlikeliest ids first.
    TopRises: "candidates/after_step" "candidates/top";
    /// Candidates without temperature.
    CandidatesAtOne: "candidates/scored" "learn_candidates/gradient";
    /// A k of 0.
    AcceptsNoCandidates: "candidates/refusals";
    /// Only the first candidate teaches.
    PullsFirstCandidate: "learn_candidates/gradient";
    /// A gradient that was taken stays.
    TakeKeepsGradient: "parameters/take_gradient" "parameters/adamw";
    /// Setting weights resets the optimizer.
    WriteResetsMoments: "parameters/adamw";
    /// A sampler that reads the weights of its first call.
    StaleSampler: "policy/after_step" "parameters/sampler_after_write";
    /// A scorer that does.
    StaleScorer: "learner/after_step" "averaged/starts_at_weights" "averaged/decay" "parameters/round_trip";
    /// A critic that does.
    StaleCritic: "learn_values/after_step" "parameters/values_after_write";
    /// A reward model that does.
    StaleReward: "learn_scores/after_step" "parameters/scores_after_write";
    /// Rows that do.
    StaleRows: "rows/after_step" "parameters/rows_after_write";
    /// Candidates that do.
    StaleCandidates: "candidates/after_step" "parameters/candidates_after_write";
    /// The first step's learning rate for all.
    KeepsFirstRate: "learner/settings" "learner/rate" "learner/betas" "learner/decay" "learn_values/settings"
        "learn_values/rate" "learn_values/betas" "learn_scores/settings" "learn_scores/rate"
        "learn_scores/betas" "saved/step_after_load" "saved/dropout_after_load";
    /// Its decays of the moments.
    KeepsFirstBetas: "learner/settings" "learner/betas" "learn_values/settings" "learn_values/betas"
        "learn_scores/settings" "learn_scores/betas";
    /// Its ε.
    KeepsFirstEpsilon: "learner/settings" "learn_values/settings" "learn_scores/settings";
    /// Its weight decay.
    KeepsFirstDecay: "learner/settings" "learner/decay" "learn_values/settings" "learn_scores/settings";
    /// Its clipping.
    KeepsFirstClip: "learner/settings" "learn_values/settings" "learn_scores/settings";
    /// Weight decay beside the gradient, though asked for within.
    DecayAlwaysDecoupled: "learner/decay";
    /// ε at the corrected root, though asked for at the raw one.
    EpsilonAlwaysCorrected: "learner/epsilon" "learn_values/epsilon" "learn_scores/epsilon";
    /// Moments without the correction for their start.
    NoBiasCorrection: "learner/betas" "learner/epsilon" "learn_values/betas" "learn_values/epsilon"
        "learn_scores/betas" "learn_scores/epsilon" "parameters/adamw";
    /// A refused step that is counted.
    CountsRefusedSteps: "learner/refused_step" "learn_values/refused_step" "learn_scores/refused_step";
    /// A refused step that changes the moments.
    RefusedStepDecaysMoments: "learner/refused_step" "learn_values/refused_step" "learn_scores/refused_step";
    /// A refused step that keeps its gradient.
    RefusedStepKeepsGradient: "learner/refused_step" "learn_values/refused_step" "learn_scores/refused_step";
    /// One id's weights learn nothing.
    MissesRow: "parameters/gradient_of_log_probs" "parameters/gradient_of_entropies"
        "parameters/gradient_of_values" "parameters/gradient_of_scores";
    /// One id's value learns nothing.
    MissesValueOfId: "learn_values/not_finite" "learn_values/refused_step" "parameters/gradient_of_values";
    /// Tokens beyond the seventh teach nothing.
    LearnsShortTexts: "learner/gradient" "learner/left_out" "learner/entropy_gradient" "learner/entropy_left_out"
        "parameters/gradient_of_log_probs" "parameters/gradient_of_entropies";
    /// Sequences beyond the 32nd teach nothing.
    LearnsTilesOf32: "learner/wide";
    /// The cumulative distribution from its end.
    DrawsFromTheEnd: "policy/draws" "policy/filters" "policy/repetition_of_response" "policy/positions"
        "policy/exact" "policy/exact_repetition" "policy/after_step";
    /// Draws without the key's seed.
    IgnoresKeySeed: "policy/draws" "policy/filters" "policy/repetition_of_response" "policy/positions"
        "policy/exact" "policy/exact_repetition" "policy/after_step";
    /// Draws without the key's stream.
    IgnoresStream: "policy/exact";
    /// Of equally probable ids the last.
    LastOfTies: "parameters/ties";
    /// A penalty on repetition of the prompt alone.
    PenalizesPromptAlone: "policy/repetition_of_response" "policy/exact_repetition";
    /// Sequences beyond the 32nd are read wrongly.
    TilesOf32Sequences: "reference/wide" "policy/exact" "learner/wide" "critic/wide" "learn_values/wide"
        "reward/wide" "learn_scores/wide";
    /// Tokens beyond the 1,024th are.
    TilesOf1024Tokens: "reference/wide" "learner/wide" "critic/wide" "reward/wide";
    /// Prompts beyond the 64th draw as the first.
    TilesOf64Prompts: "policy/draws" "policy/filters" "policy/repetition_of_response" "policy/positions"
        "policy/wide";
    /// A softmax that overflows.
    NaiveSoftmax: "reference/small_temperature" "learner/small_temperature";
    /// No probability below 1e-4.
    FloorsProbabilities: "reference/small_temperature" "learner/small_temperature" "parameters/large_weights";
    /// The loss of nothing is no number.
    MeanOfNothing: "learner/nothing_to_learn" "learn_values/nothing_to_learn" "learn_scores/nothing_to_learn";
    /// A batch of no sequence is an error.
    RefusesNothing: "reference/empty" "policy/no_prompts" "learner/nothing_to_learn" "critic/empty"
        "learn_values/nothing_to_learn" "reward/empty" "learn_scores/nothing_to_learn";
    /// Moments are not saved.
    SavesNoMoments: "saved/step_after_load" "saved/dropout_after_load";
    /// The count of steps is not.
    SavesNoSteps: "saved/step_after_load" "saved/dropout_after_load";
    /// The average is not.
    SavesNoAverage: "saved/average_after_load";
    /// The seed of the dropout masks is not.
    SavesNoDropout: "saved/dropout_after_load";
    /// The same dropout masks at every step.
    SameMasks: "saved/dropout_after_load";
    /// The value head is not.
    SavesNoValues: "saved/values_after_load";
    /// Half of the weights is not saved.
    SavesHalf: "saved/round_trip" "saved/log_probs_after_load" "saved/step_after_load"
        "saved/sampler_after_load" "saved/values_after_load" "saved/scores_after_load"
        "saved/dropout_after_load";
}
